import { expect, test } from 'vitest';
import { aMessage, frame } from '@/testing/fixtures';
import { append, emptyLog, endsMidTurn } from './log';

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
