import { describe, expect, test } from 'vitest';
import { aMessage, answered, aRequest, aSession, dana, frame } from '@/testing/fixtures';
import { announcement, buildTimeline, forPerson, statusOf, waitingWords } from './model';

const now = Date.parse('2026-11-20T14:10:00Z');
const kinds = (items: { kind: string }[]) => items.map(({ kind }) => kind);
const user = frame(1, { type: 'message', message: aMessage() });
const started = frame(2, { type: 'task_started', content: '', run_id: 'run1' });

describe('the timeline', () => {
  test('a reply is shown once although two frames carry it', () => {
    const reply = aMessage({ id: 'm2', type: 'agent', content: 'Paid.', run_id: 'run1' });
    const { items, runId } = buildTimeline(
      [
        user,
        started,
        frame(3, { type: 'message', message: reply }),
        frame(4, { type: 'task_completed', content: 'Paid.', run_id: 'run1' }),
      ],
      now,
    );
    expect(kinds(items)).toEqual(['day', 'message', 'message']);
    expect(runId).toBeUndefined();
  });

  test('a request stands where it was asked, as it is now', () => {
    const request = aRequest();
    const frames = [user, started, frame(3, { type: 'request_confirmation', message: '', request })];
    const waiting = buildTimeline(frames, now);
    expect(waiting.pending).toEqual([request]);
    expect(waiting.runId).toBe('run1');
    const settled = answered(request, 'approve');
    const { items, pending } = buildTimeline(
      [
        ...frames,
        frame(4, { type: 'message', message: aMessage({ id: 'm2' }) }),
        frame(5, { type: 'feedback_resolved', request: settled }),
      ],
      now,
    );
    expect(pending).toEqual([]);
    expect(items[2]).toMatchObject({ kind: 'request', request: { status: 'answered' } });
  });

  test('a failed run offers the words that started it', () => {
    const { items } = buildTimeline(
      [user, started, frame(3, { type: 'task_failed', error: 'No model', run_id: 'run1' })],
      now,
    );
    expect(items.at(-1)).toMatchObject({ kind: 'failed', error: 'No model', retry: 'pay 500 to Bob' });
  });

  test('stopping leaves a line', () => {
    const stopped = (reason: 'cancelled' | 'stopped') =>
      buildTimeline(
        [frame(1, { type: 'task_cancelled', content: '', run_id: 'run1', reason })],
        now,
      ).items.at(-1);
    expect(stopped('cancelled')).toMatchObject({ kind: 'line', text: 'Stopped' });
    expect(stopped('stopped')).toMatchObject({ kind: 'line', text: 'Stopped at a checkpoint' });
  });
});

describe('the status', () => {
  test.each([
    [aSession(), 2, true, '', 'Waiting for you (2)'],
    [aSession(), 0, true, 'Sam', 'Waiting for Sam'],
    [aSession({ agent_status: 'using_tool', agent_detail: 'calculate' }), 0, true, '', 'Working: calculate'],
    [aSession({ agent_status: 'error' }), 0, false, '', 'Failed'],
    [aSession({ agent_status: 'completed' }), 0, false, '', 'Finished'],
    [aSession({ status: 'closed' }), 1, false, '', 'Closed'],
    [aSession(), 0, false, '', 'Idle'],
  ])('reads in a few words (%#)', (session, waiting, running, others, text) => {
    expect(statusOf(session, waiting, running, others).text).toBe(text);
  });

  test('only what the reader was asked waits for the reader', () => {
    const elsewhere = aRequest({ id: 'r2', to: ['p2'] });
    expect(forPerson([aRequest(), elsewhere], dana.id).map(({ id }) => id)).toEqual(['r1']);
  });
});

test('what waits is counted by kind, in words', () => {
  const [approval, review] = [aRequest(), aRequest({ type: 'checkpoint' })];
  const questions = [aRequest({ type: 'text' }), aRequest({ type: 'choice' })];
  expect(waitingWords([approval])).toBe('1 approval waiting');
  expect(waitingWords(questions)).toBe('2 questions waiting');
  expect(waitingWords([approval, ...questions, review])).toBe(
    '1 approval, 2 questions, and 1 review waiting',
  );
});

test('the latest news is announced, one sentence for a batch', () => {
  expect(announcement([user, started])).toBe('The agent is replying');
  expect(announcement([frame(3, { type: 'request_confirmation', message: '', request: aRequest() })])).toBe(
    'Approval needed: make_payment',
  );
  const request = answered(aRequest(), 'approve');
  expect(announcement([frame(4, { type: 'feedback_resolved', request })])).toBe(
    'Approved by Dana in the web app',
  );
  const late = aRequest({ status: 'expired' });
  expect(announcement([frame(4, { type: 'feedback_resolved', request: late })])).toBe(
    'Timed out: Pay 500 to Bob?',
  );
  expect(announcement([user])).toBeUndefined();
});

test('a replay is history, of which only what waits for an answer is announced', () => {
  const ended = frame(3, { type: 'task_completed', content: '', run_id: 'run1' });
  const asked = frame(4, { type: 'feedback_requested', request: aRequest() });
  expect(announcement([user, started, user, ended])).toBeUndefined();
  expect(announcement([user, started, user, asked])).toBe('Approval needed: make_payment');
  expect(announcement([user, started, asked, ended])).toBeUndefined();
});
