import { expect, test } from 'vitest';
import { forgetDrafts, readDraft, writeDraft } from './drafts';

test('a draft is kept until it is forgotten', () => {
  writeDraft('a', { text: 'half a thought' });
  expect(readDraft('a')).toEqual({ text: 'half a thought' });
  writeDraft('a', undefined);
  expect(readDraft('a')).toBeUndefined();
});

test('broken storage reads as no draft', () => {
  localStorage.setItem('assent.draft.a', '{');
  expect(readDraft('a')).toBeUndefined();
});

test('the oldest go first once there are more than a hundred', () => {
  for (let n = 0; n <= 100; n++) writeDraft(`d${n}`, n, n);
  expect(readDraft('d0')).toBeUndefined();
  expect(readDraft('d1')).toBe(1);
  expect(readDraft('d100')).toBe(100);
});

test('signing out forgets drafts and nothing else', () => {
  writeDraft('a', 1);
  sessionStorage.setItem('assent.outbox.s1', '[]');
  localStorage.setItem('assent.theme', 'dark');
  forgetDrafts();
  expect(readDraft('a')).toBeUndefined();
  expect(sessionStorage).toHaveLength(0);
  expect(localStorage.getItem('assent.theme')).toBe('dark');
});
