import { expect, test } from 'vitest';
import { brief, day, duration, remaining } from './time';

const now = new Date(2026, 10, 20, 15, 0).getTime();
const at = (milliseconds: number) => new Date(now + milliseconds).toISOString();
const MINUTE = 60_000;

test.each([
  [-1, ''],
  [40_000, 'in 40 s'],
  [14 * MINUTE, 'in 14 min'],
  [125 * MINUTE, 'in 2 h 5 min'],
  [120 * MINUTE, 'in 2 h'],
  [72 * 60 * MINUTE, 'in 3 days'],
])('%i ms from now reads "%s"', (left, text) => {
  expect(remaining(at(left), now)).toBe(text);
});

test('days have names while they are near', () => {
  expect(day(at(0), now)).toBe('Today');
  expect(day(at(-16 * 60 * MINUTE), now)).toBe('Yesterday');
});

test('recent things are told by their age', () => {
  expect(brief(at(-30_000), now)).toBe('now');
  expect(brief(at(-4 * MINUTE), now)).toBe('4 min');
});

test('waits are told in words', () => {
  expect(duration(1)).toBe('1 second');
  expect(duration(40)).toBe('40 seconds');
  expect(duration(100)).toBe('2 minutes');
});
