import { screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { http, HttpResponse } from 'msw';
import { describe, expect, test } from 'vitest';
import type { FeedbackRequest, RequestMail } from '@/api/types';
import { aMail, answered, aRequest, dana } from '@/testing/fixtures';
import { hear, hearMine, show } from '@/testing/request-card';
import { server } from '@/testing/server';

const AT = '2026-11-20T14:03:00Z';
const mailed = aRequest({
  deliveries: [
    { channel: 'email', person_id: dana.id, status: 'sent', attempts: 1, step: 0, round: 0, sent_at: AT },
  ],
});
const unverified = aMail({
  id: 'l2',
  sender: 'dana@example.org',
  verified: false,
  outcome: 'unverified',
  text: 'APPROVE\u202e <img src=x onerror=alert(1)>',
  whole: 'APPROVE\u202e <img src=x onerror=alert(1)>',
});

function byMail(request: FeedbackRequest): FeedbackRequest {
  const response = {
    action: 'approve',
    by: dana,
    via: 'email',
    at: AT,
    sent_at: '2026-11-20T14:01:00Z',
  };
  return answered(request, 'approve', { response });
}

/** Keeps these mails; how often they were asked for. */
function keep(...mails: RequestMail[]) {
  const asked = { times: 0 };
  server.use(
    http.get('*/api/feedback/r1/mails', () => {
      asked.times += 1;
      return HttpResponse.json({ items: mails });
    }),
  );
  return asked;
}

describe('the mail that decided', () => {
  test('stands beside what was taken from it', async () => {
    keep(aMail());
    show(byMail(mailed));
    expect(screen.getByText(/Approved by Dana by email/).parentElement).toHaveTextContent(
      /by email, sent .*:01, taken .*:03$/,
    );
    await userEvent.click(await screen.findByText('Show the mail'));
    expect(screen.getByRole('group', { name: 'What was written' })).toHaveTextContent(/^APPROVE$/);
    await userEvent.click(screen.getByText('With all that it quotes'));
    expect(screen.getByRole('group', { name: 'The whole mail' })).toHaveTextContent('Demo agent asks');
  });

  test('is asked for when it has decided', async () => {
    const asked = keep();
    show(mailed);
    await expect.poll(() => asked.times).toBe(1);
    keep(aMail());
    hear(byMail(mailed));
    expect(await screen.findByText('Show the mail')).toBeVisible();
  });

  test('is no matter of what never went by mail', () => {
    const asked = keep(aMail());
    show(aRequest());
    expect(asked.times).toBe(0);
  });
});

describe('a mail that could not be verified', () => {
  test('is shown as such, its words harmless, and decides nothing', async () => {
    keep(unverified);
    show(mailed);
    const shown = await screen.findByRole('region', { name: 'A reply that does not count' });
    expect(shown).toHaveTextContent('A reply that could not be verified is not counted');
    expect(shown).toHaveTextContent('It says it is from dana@example.org');
    expect(within(shown).getByRole('group', { name: 'What was written' })).toHaveTextContent(
      '<img src=x onerror=alert(1)>',
    );
    expect(shown).toHaveTextContent('If it was you, answer here.');
    expect(shown.querySelector('img')).toBeNull();
    expect(shown.querySelector('mark')).toHaveAttribute('title');
    expect(screen.getByRole('button', { name: 'Approve' })).toBeEnabled();
  });

  test('is shown as soon as it came', async () => {
    const asked = keep();
    show(mailed);
    await expect.poll(() => asked.times).toBe(1);
    keep(unverified);
    hearMine({ type: 'feedback_mail', session_id: 's1', request_id: 'r1', outcome: 'unverified' });
    expect(await screen.findByRole('region', { name: 'A reply that does not count' })).toBeVisible();
  });

  test('is not what decided, even beside the one that did', async () => {
    keep(unverified, aMail());
    show(byMail(mailed));
    const shown = await screen.findByRole('region', { name: 'A reply that does not count' });
    expect(shown).not.toHaveTextContent('answer here');
    await userEvent.click(screen.getByText('Show the mail'));
    expect(screen.getByText(/^From/)).toHaveTextContent('From dana@example.org');
  });
});

test('other mails say what became of them', async () => {
  keep(aMail({ outcome: 'unclear', text: 'approve? not sure' }), aMail({ id: 'l3', outcome: 'automatic' }));
  show(mailed);
  await userEvent.click(await screen.findByText('2 mails that did not decide'));
  expect(screen.getByText(/Not understood/)).toBeVisible();
  expect(screen.getByText(/An automatic reply/)).toBeVisible();
});

test('mails that cannot be read leave the card as it is', async () => {
  server.use(http.get('*/api/feedback/r1/mails', () => new HttpResponse(null, { status: 500 })));
  show(mailed);
  expect(await screen.findByRole('alert')).toHaveTextContent('The server had a problem');
  expect(screen.getByRole('button', { name: 'Approve' })).toBeEnabled();
});
