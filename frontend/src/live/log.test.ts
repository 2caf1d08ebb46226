import { expect, test } from 'vitest';
import { aMessage, frame } from '@/testing/fixtures';
import { append, emptyLog } from './log';

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
