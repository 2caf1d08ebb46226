import { expect, test } from 'vitest';
import { aMessage, frame } from '@/testing/fixtures';
import { append, emptyLog, endsMidTurn, logFrom, prepend } from './session-log';

const said = (seq: number) => frame(seq, { type: 'message', message: aMessage({ id: `m${seq}` }) });

test('frames go in once and in order', () => {
  const { log, added, hole } = append(emptyLog, [said(1), said(2), said(2), said(1)]);
  expect(log.cursor).toBe(2);
  expect(added).toHaveLength(2);
  expect(hole).toBe(false);
});

test('nothing is taken beyond a hole', () => {
  const { log, hole } = append(emptyLog, [said(1), said(3), said(4)]);
  expect(log.cursor).toBe(1);
  expect(hole).toBe(true);
});

test('repeats alone leave the very same log', () => {
  const { log } = append(emptyLog, [said(1)]);
  expect(append(log, [said(1)]).log).toBe(log);
});

test('a turn is open from what starts a run to what ends it', () => {
  const user = frame(1, { type: 'message', message: aMessage({ run_id: 'run1' }) });
  const started = frame(2, { type: 'task_started', content: '', run_id: 'run1' });
  const reply = frame(3, { type: 'message', message: aMessage({ type: 'agent', run_id: 'run1' }) });
  const ended = frame(4, { type: 'task_completed', content: '', run_id: 'run1' });
  expect(endsMidTurn([])).toBe(false);
  expect(endsMidTurn([user])).toBe(true);
  expect(endsMidTurn([user, started])).toBe(true);
  expect(endsMidTurn([user, started, reply])).toBe(true);
  expect(endsMidTurn([user, started, reply, ended])).toBe(false);
  expect(endsMidTurn([user, started, reply, ended, user])).toBe(true);
});

test('a log may begin in the middle, and earlier frames go above without a gap', () => {
  const { log, hole } = append(logFrom(5), [said(5), said(6)]);
  expect([log.first, log.cursor, hole]).toEqual([5, 6, false]);
  expect(append(logFrom(5), [said(6)]).hole).toBe(true);
  expect(prepend(log, [said(2), said(3)])).toBe(log);
  expect(prepend(log, [])).toBe(log);
  const whole = prepend(prepend(log, [said(3), said(4)]), [said(1), said(2)]);
  expect(whole.frames.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6]);
  expect([whole.first, whole.cursor]).toEqual([1, 6]);
});
