import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { act, render, screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { http, HttpResponse } from 'msw';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { FeedbackRequest } from '@/api/types';
import { announcements } from '@/lib/announcements';
import { putRequest } from '@/live/apply-event';
import { answered, aRequest } from '@/testing/fixtures';
import { server } from '@/testing/server';
import { RequestCard } from './request-card';

interface Sent {
  key: string | null;
  body: unknown;
}

const URL = '*/api/feedback/r1/answer';
let cache: QueryClient;
let sent: Sent[];

function show(request: FeedbackRequest, blocked?: string) {
  return render(
    <QueryClientProvider client={cache}>
      <RequestCard request={request} heading="h2" blocked={blocked} />
    </QueryClientProvider>,
  );
}

/** Answers each call with the next reply. */
function reply(...replies: (() => Response)[]) {
  server.use(
    http.post(URL, async ({ request }) => {
      sent.push({ key: request.headers.get('Idempotency-Key'), body: await request.json() });
      return replies[Math.min(sent.length, replies.length) - 1]?.() ?? HttpResponse.error();
    }),
  );
}

const settles = (request: FeedbackRequest, action: string) => () =>
  HttpResponse.json(answered(request, action));
const button = (name: string) => screen.getByRole('button', { name });

beforeEach(() => {
  cache = new QueryClient({ defaultOptions: { mutations: { retry: false } } });
  sent = [];
});

describe('approval', () => {
  test('shows the exact call apart from the words of the agent', () => {
    show(aRequest({ action: { tool: 'pay', args: { to: 'Bob\u202e' }, risk: 'medium', digest: '' } }));
    expect(screen.getByRole('heading', { name: 'Pay 500 to Bob?' })).toBeVisible();
    expect(screen.getByTitle('right-to-left override')).toHaveTextContent('U+202E');
    expect(within(screen.getByRole('figure')).getByText('Bob sent an invoice.')).toBeVisible();
    expect(screen.getByText('Medium risk')).toBeVisible();
  });

  test('long values are cut only with a way to see all', async () => {
    const long = 'x'.repeat(2000);
    show(aRequest({ action: { tool: 'pay', args: { long }, risk: 'low', digest: '' } }));
    expect(screen.queryByText(long)).not.toBeInTheDocument();
    await userEvent.click(button('Show all 2,000 characters'));
    expect(screen.getByText(long)).toBeVisible();
  });

  test('approving folds the card into its signature and keeps the reader there', async () => {
    const request = aRequest();
    reply(settles(request, 'approve'));
    show(request);
    await userEvent.click(button('Approve'));
    expect(await screen.findByText(/Approved by Dana in the web app/)).toBeVisible();
    expect(sent[0]?.body).toEqual({ action: 'approve', version: 1 });
    expect(screen.getByRole('heading', { name: /Pay 500 to Bob/ })).toHaveFocus();
  });

  test('high risk wants the name of the tool, and Enter never approves', async () => {
    const request = aRequest({ action: { tool: 'make_payment', args: {}, risk: 'high', digest: '' } });
    reply(settles(request, 'approve'));
    show(request);
    await userEvent.click(button('Approve'));
    expect(button('Approve')).toBeDisabled();
    await userEvent.type(screen.getByRole('textbox'), 'make_payment{Enter}');
    expect(sent).toEqual([]);
    await userEvent.click(button('Approve'));
    expect(await screen.findByText(/Approved by Dana/)).toBeVisible();
  });

  test('a rejection carries its reason', async () => {
    const request = aRequest();
    reply(settles(request, 'reject'));
    show(request);
    await userEvent.click(button('Reject'));
    await userEvent.type(screen.getByRole('textbox'), 'Too much');
    await userEvent.click(button('Reject'));
    await waitFor(() => expect(sent[0]?.body).toMatchObject({ action: 'reject', feedback: 'Too much' }));
  });

  test('edited arguments are sent whole', async () => {
    const request = aRequest();
    reply(settles(request, 'edit'));
    show(request);
    await userEvent.click(button('Edit and approve'));
    expect(button('Approve with changes')).toBeDisabled();
    const amount = screen.getByLabelText('amount');
    await userEvent.clear(amount);
    await userEvent.type(amount, '250');
    await userEvent.click(button('Approve with changes'));
    await waitFor(() =>
      expect(sent[0]?.body).toMatchObject({ action: 'edit', values: { amount: 250, to: 'Bob' } }),
    );
  });

  test('only what is allowed is offered', () => {
    show(aRequest({ allowed_actions: ['reject'] }));
    expect(screen.queryByRole('button', { name: 'Approve' })).not.toBeInTheDocument();
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

  test('answered elsewhere, the unsent draft stays and can be copied', async () => {
    const request = aRequest({ type: 'text', action: null, allowed_actions: ['submit', 'decline'] });
    show(request);
    await userEvent.type(screen.getByLabelText('Your answer'), 'half a thought');
    act(() => putRequest(cache, answered(request, 'submit')));
    expect(await screen.findByText('Your unsent draft')).toBeVisible();
    expect(screen.getByText('half a thought')).toBeVisible();
    expect(button('Copy')).toBeVisible();
  });

  test.each([
    ['expired', /Nobody answered in time/],
    ['cancelled', /Withdrawn before anybody answered/],
  ] as const)('%s reads properly', (status, text) => {
    show(aRequest({ status }));
    expect(screen.getByText(text)).toBeVisible();
  });
});

describe('the other kinds', () => {
  const options = [
    { value: 'a', label: 'Lisbon' },
    { value: 'b', label: 'Porto' },
  ];
  const choice = { type: 'choice', action: null, options, allowed_actions: ['submit', 'decline'] } as const;

  test('one of a choice', async () => {
    const request = aRequest({ ...choice, options, allowed_actions: ['submit'] });
    reply(settles(request, 'submit'));
    show(request);
    await userEvent.click(screen.getByRole('radio', { name: 'Porto' }));
    await userEvent.click(button('Send choice'));
    await waitFor(() => expect(sent[0]?.body).toMatchObject({ action: 'submit', values: { choice: 'b' } }));
  });

  test('several of a choice', async () => {
    const request = aRequest({ ...choice, options, multiple: true, allowed_actions: ['submit'] });
    reply(settles(request, 'submit'));
    show(request);
    for (const box of screen.getAllByRole('checkbox').toReversed()) await userEvent.click(box);
    await userEvent.click(button('Send choice'));
    await waitFor(() => expect(sent[0]?.body).toMatchObject({ values: { choice: ['a', 'b'] } }));
  });

  test('declining', async () => {
    const request = aRequest({ ...choice, options, allowed_actions: ['submit', 'decline'] });
    reply(settles(request, 'decline'));
    show(request);
    await userEvent.click(button('Decline to answer'));
    expect(await screen.findByText(/Declined by Dana/)).toBeVisible();
  });

  test('a form ties the errors of the server to its fields', async () => {
    const request = aRequest({
      type: 'form',
      action: null,
      allowed_actions: ['submit'],
      fields: [
        { name: 'email', description: 'Where to', type: 'email', required: true },
        { name: 'n', description: '', type: 'integer', required: true },
      ],
    });
    reply(
      () =>
        HttpResponse.json(
          { code: 'invalid', errors: [{ field: 'values.email', message: 'No such host.' }] },
          { status: 422 },
        ),
      settles(request, 'submit'),
    );
    show(request);
    await userEvent.click(button('Send form'));
    expect(screen.getAllByText('This is needed.')).toHaveLength(2);
    const email = screen.getByLabelText(/email/);
    expect(email).toHaveFocus();
    await userEvent.type(email, 'dana@nowhere');
    await userEvent.type(screen.getByLabelText(/^n/), '3');
    await userEvent.click(button('Send form'));
    await waitFor(() => expect(email).toHaveAccessibleDescription('Where to No such host.'));
    expect(email).toBeInvalid();
    expect(sent[0]?.body).toMatchObject({ values: { email: 'dana@nowhere', n: 3 } });
  });

  test('a checkpoint is revised only with an instruction, and stopped only when confirmed', async () => {
    const request = aRequest({
      type: 'checkpoint',
      action: null,
      checkpoint: 'after_planning',
      context: { artifact: 'The plan' },
      allowed_actions: ['continue', 'revise', 'skip', 'stop'],
    });
    reply(settles(request, 'stop'));
    show(request);
    expect(screen.getByText('The plan')).toBeVisible();
    await userEvent.click(button('Revise'));
    expect(button('Send back for revision')).toBeDisabled();
    await userEvent.click(button('Back'));
    await userEvent.click(button('Stop'));
    expect(sent).toEqual([]);
    await userEvent.click(button('Stop the run'));
    expect(await screen.findByText(/Stopped by Dana/)).toBeVisible();
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
    const failed = { channel: 'slack', status: 'failed', attempts: 3, step: 0, round: 0, person_id: 'p1' };
    show(aRequest({ deliveries: [failed] }));
    expect(screen.getByText('Slack could not be reached. Answer here.')).toBeVisible();
  });

  test('the evidence of an unknown outcome', () => {
    show(aRequest({ context: { note: 'The first try may have paid already.' } }));
    expect(screen.getByText('The first try may have paid already.')).toBeVisible();
  });
});

describe('steps of a decision', () => {
  test('have the focus while they are open and give it back to what opened them', async () => {
    show(aRequest());
    await userEvent.click(button('Reject'));
    expect(screen.getByLabelText('Why not?')).toHaveFocus();
    await userEvent.click(button('Back'));
    expect(button('Reject')).toHaveFocus();
    await userEvent.click(button('Edit and approve'));
    expect(screen.getByLabelText('amount')).toHaveFocus();
  });

  test('a high risk puts the focus where the name is typed, a decision on the title', async () => {
    const request = aRequest({ action: { tool: 'make_payment', args: {}, risk: 'high', digest: 'd1' } });
    reply(settles(request, 'approve'));
    show(request);
    button('Approve').focus();
    await userEvent.keyboard('{Enter}');
    expect(screen.getByLabelText('Type make_payment to approve')).toHaveFocus();
    await userEvent.keyboard('make_payment{Tab}{Enter}');
    await waitFor(() => expect(screen.getByRole('heading')).toHaveFocus());
    expect(sent).toMatchObject([{ body: { action: 'approve' } }]);
  });

  test('what is changed stands beside what was proposed before it is sent', async () => {
    show(aRequest());
    await userEvent.click(button('Edit and approve'));
    expect(screen.queryByRole('table', { name: 'What you change' })).not.toBeInTheDocument();
    await userEvent.clear(screen.getByLabelText('amount'));
    await userEvent.type(screen.getByLabelText(/^amount/), '250');
    const changes = screen.getByRole('table', { name: 'What you change' });
    expect(within(changes).getByRole('row', { name: 'amount 500 250' })).toBeVisible();
    await userEvent.click(button('Reset'));
    expect(screen.queryByRole('table', { name: 'What you change' })).not.toBeInTheDocument();
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
