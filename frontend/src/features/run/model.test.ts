import { expect, test } from 'vitest';
import { type LogEntry, asText, took, toolCalls, toolNames } from './model';

const at = (ms: number) => new Date(Date.UTC(2026, 0, 1) + ms).toISOString();
const step = (n: number, tool: string): LogEntry => ({
  n,
  kind: 'step',
  at: at(0),
  step: { kind: 'tool', tool, args: { q: 'cats' }, reason: 'You asked.' },
});
const asked: LogEntry = { n: 2, kind: 'asked', at: at(1), request_id: 'r1' };
const started: LogEntry = {
  n: 4,
  kind: 'execution_started',
  at: at(10),
  execution_id: 'x',
  args: { q: 'cats', max: 5 },
};
const finished: LogEntry = {
  n: 5,
  kind: 'execution_finished',
  at: at(52),
  execution_id: 'x',
  status: 'succeeded',
  result: 'found',
};

test('a call carries what was run, what came of it and how long it took', () => {
  expect(toolCalls([step(1, 'search'), started, finished])).toEqual([
    {
      key: '1',
      tool: 'search',
      args: { q: 'cats', max: 5 },
      reason: 'You asked.',
      state: 'done',
      result: 'found',
      ms: 42,
    },
  ]);
});

test.each<[string, LogEntry[], string]>([
  ['asked about', [asked], 'waiting'],
  ['rejected', [asked, { n: 3, kind: 'resolved', at: at(2), action: 'reject' }], 'not-run'],
  ['approved', [asked, { n: 3, kind: 'resolved', at: at(2), action: 'approve' }, started], 'running'],
  ['broken', [started, { ...finished, status: 'failed' }], 'failed'],
  ['cut off', [started, { n: 6, kind: 'ended', at: at(60), status: 'error' }], 'unknown'],
  ['withdrawn', [asked, { n: 6, kind: 'ended', at: at(60), status: 'cancelled' }], 'not-run'],
])('a call that was %s', (_, entries, state) => {
  expect(toolCalls([step(1, 'search'), ...entries])[0]?.state).toBe(state);
});

test('a reply is no call', () => {
  expect(toolCalls([{ n: 1, kind: 'step', at: at(0), step: { kind: 'reply' } }])).toEqual([]);
});

test('words for them', () => {
  expect(toolNames(toolCalls([step(1, 'a'), step(2, 'b'), step(3, 'a')]))).toBe('a, b');
  expect([took(340), took(12_300)]).toEqual(['340 ms', '12 s']);
  expect([asText('as it is'), asText({ a: 1 })]).toEqual(['as it is', '{\n  "a": 1\n}']);
});
