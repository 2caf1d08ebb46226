import { act, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { HttpResponse } from 'msw';
import { describe, expect, test, vi } from 'vitest';
import { announcements } from '@/lib/announcements';
import { answered, aRequest } from '@/testing/fixtures';
import { button, hear, reply, sent, settles, show } from '@/testing/request-card';

describe('what is shown beside the call', () => {
  test('the arguments as they are sent', async () => {
    show(aRequest());
    await userEvent.click(button('JSON'));
    expect(button('JSON')).toHaveAttribute('aria-pressed', 'true');
    expect(screen.getByRole('group', { name: 'Exact arguments' })).toHaveTextContent(
      '{ "tool": "make_payment", "args": { "amount": 500, "to": "Bob" } }',
    );
  });

  test('a channel that could not be reached', () => {
    const failed = {
      channel: 'slack',
      status: 'failed',
      attempts: 3,
      step: 0,
      round: 0,
      person_id: 'p1',
    } as const;
    show(aRequest({ deliveries: [failed] }));
    expect(screen.getByText('Slack could not be reached. Answer here.')).toBeVisible();
  });

  test('the evidence of an unknown outcome', () => {
    show(aRequest({ context: { note: 'The first try may have paid already.' } }));
    expect(screen.getByText('The first try may have paid already.')).toBeVisible();
  });

  test('somebody who cannot decide reads why', () => {
    show(aRequest(), 'Only Sam can decide this.');
    expect(screen.getByText('Only Sam can decide this.')).toBeVisible();
    expect(screen.queryByRole('button', { name: 'Approve' })).not.toBeInTheDocument();
  });
});

describe('when it does not go smoothly', () => {
  test('trying again uses the same idempotency key, other words use another', async () => {
    const request = aRequest();
    reply(
      () => HttpResponse.json({ detail: 'Broken' }, { status: 500 }),
      () => HttpResponse.json({ detail: 'Broken' }, { status: 500 }),
      settles(request, 'reject'),
    );
    show(request);
    await userEvent.click(button('Approve'));
    await userEvent.click(await screen.findByRole('button', { name: 'Try again' }));
    await waitFor(() => expect(sent).toHaveLength(2));
    expect(sent[0]?.key).toBeTruthy();
    expect(sent[1]?.key).toBe(sent[0]?.key);
    await screen.findByRole('button', { name: 'Try again' });
    await userEvent.click(button('Reject'));
    await userEvent.click(button('Reject'));
    await screen.findByText(/Rejected by Dana/);
    expect(sent[2]?.key).not.toBe(sent[0]?.key);
  });

  test('a conflict tells who was faster', async () => {
    const request = aRequest();
    const settled = answered(request, 'reject', {
      response: { action: 'reject', by: { id: 'p2', name: 'Sam' }, via: 'slack', at: '2026-11-20T14:03:00Z' },
    });
    reply(() => HttpResponse.json({ code: 'already_decided', request: settled }, { status: 409 }));
    show(request);
    await userEvent.click(button('Approve'));
    expect(await screen.findByText(/too late/)).toBeVisible();
    expect(screen.getByText(/Rejected by Sam in Slack/)).toBeVisible();
  });

  test('a changed request asks to be read again', async () => {
    const request = aRequest();
    const changed = aRequest({ version: 2, title: 'Pay 900 to Bob?' });
    reply(() => HttpResponse.json({ code: 'version_conflict', request: changed }, { status: 409 }));
    show(request);
    await userEvent.click(button('Approve'));
    expect(await screen.findByText(/Updated since you opened it/)).toBeVisible();
    expect(screen.getByRole('heading', { name: 'Pay 900 to Bob?' })).toBeVisible();
  });

  test('a change that is heard of says what changed, before anybody decides', async () => {
    const request = aRequest();
    show(request);
    expect(screen.queryByText(/Updated since you opened it/)).not.toBeInTheDocument();
    const changed = 'What make_payment does, or the rule for it, changed since this was asked.';
    hear({ ...request, version: 2, changed });
    expect(await screen.findByText(/Updated since you opened it/)).toHaveTextContent(
      `Updated since you opened it. ${changed} Please read it again before you decide.`,
    );
    reply(settles(request, 'approve'));
    await userEvent.click(button('Approve'));
    await waitFor(() => expect(sent[0]?.body).toMatchObject({ action: 'approve', version: 2 }));
  });

  test('opened after it changed, it says nothing of it', () => {
    show(aRequest({ version: 3 }));
    expect(screen.queryByText(/Updated since you opened it/)).not.toBeInTheDocument();
  });

  test('answered elsewhere, the unsent draft stays and can be copied', async () => {
    const request = aRequest({ type: 'text', action: undefined, allowed_actions: ['submit', 'decline'] });
    show(request);
    await userEvent.type(screen.getByLabelText('Your answer'), 'half a thought');
    hear(answered(request, 'submit'));
    expect(await screen.findByText('Your unsent draft')).toBeVisible();
    expect(screen.getByText('half a thought')).toBeVisible();
    expect(button('Copy')).toBeVisible();
  });

  test('an erased request says so, and not that there were no arguments', () => {
    const request = aRequest();
    const erased = { digest: 'd'.repeat(64), at: '2026-11-27T10:00:00Z' };
    const action = request.action && { ...request.action, args: {} };
    show(answered({ ...request, title: 'Erased', prompt: '', action, erased }, 'approve'));
    expect(screen.getByText(/has been erased; the decision stays on record/)).toBeInTheDocument();
    expect(screen.getByText(/Approved by Dana/)).toBeVisible();
    expect(screen.queryByText(/takes no arguments/)).not.toBeInTheDocument();
  });

  test.each([
    ['expired', /Nobody answered in time/],
    ['cancelled', /Withdrawn before anybody answered/],
  ] as const)('%s reads properly', (status, text) => {
    show(aRequest({ status }));
    expect(screen.getByText(text)).toBeVisible();
  });

  test('a failed answer puts the focus on trying again, a changed request on its title', async () => {
    const request = aRequest();
    reply(
      () => HttpResponse.json({ detail: 'Broken' }, { status: 500 }),
      () =>
        HttpResponse.json({ code: 'version_conflict', request: { ...request, version: 2 } }, { status: 409 }),
    );
    show(request);
    await userEvent.click(button('Approve'));
    await waitFor(() => expect(button('Try again')).toHaveFocus());
    await userEvent.click(button('Try again'));
    await waitFor(() => expect(screen.getByRole('heading')).toHaveFocus());
  });

  test('a refusal that will stay one offers no second try', async () => {
    reply(() => HttpResponse.json({ detail: 'Only Sam can.' }, { status: 403 }));
    show(aRequest());
    await userEvent.click(button('Approve'));
    expect(await screen.findByText('Only Sam can.')).toBeVisible();
    expect(screen.queryByRole('button', { name: 'Try again' })).not.toBeInTheDocument();
  });
});

describe('time', () => {
  const said = () => [announcements.polite.get().text, announcements.alert.get().text];

  test('warnings come two minutes and twenty seconds before the end, and say what happens then', () => {
    vi.useFakeTimers();
    try {
      show(aRequest({ due_at: new Date(Date.now() + 180_000).toISOString() }));
      act(() => vi.advanceTimersByTime(59_000));
      expect(said().join()).not.toContain('left to answer');
      act(() => vi.advanceTimersByTime(2_000));
      expect(said()[0]).toBe('2 minutes left to answer: Pay 500 to Bob?. After that it is rejected.');
      act(() => vi.advanceTimersByTime(100_000));
      expect(said()[1]).toContain('20 seconds left to answer');
    } finally {
      vi.useRealTimers();
    }
  });

  test('the countdown is told in minutes, and in seconds only in the last one', () => {
    vi.useFakeTimers();
    try {
      show(aRequest({ due_at: new Date(Date.now() + 125_000).toISOString() }));
      expect(screen.getByText(/in 2 min/)).toBeVisible();
      act(() => vi.advanceTimersByTime(60_000));
      expect(screen.getByText(/in 1 min/)).toBeVisible();
      for (const step of [5_000, 1_000, 1_000]) act(() => vi.advanceTimersByTime(step));
      expect(screen.getByText(/in 58 s/)).toBeVisible();
    } finally {
      vi.useRealTimers();
    }
  });
});
