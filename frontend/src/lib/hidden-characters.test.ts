import { expect, test } from 'vitest';
import { reveal } from './hidden-characters';

test('ordinary text, line breaks and every script stay as they are', () => {
  const text = 'Überweisung 500 €\n\tпривет 你好 مرحبا';
  expect(reveal(text)).toEqual([{ text }]);
});

test('direction changes and zero-width characters are drawn as their code points', () => {
  expect(reveal('Bob\u202edrawrof')).toEqual([
    { text: 'Bob' },
    { text: 'U+202E', hidden: 'right-to-left override' },
    { text: 'drawrof' },
  ]);
  expect(reveal('a\u200bb').map(({ text }) => text)).toEqual(['a', 'U+200B', 'b']);
});

test.each(['\u0000', '\u00a0', '\u00ad', '\u2028', '\u2066', '\u3164', '\ufeff', '\u{e0041}'])(
  'a hidden character is never silent (%j)',
  (character) => {
    expect(reveal(`x${character}`)[1]?.hidden).toBeTruthy();
  },
);

test.each(['👩‍🚀', '❤️', '👍🏽', '5\u00a0€'])('in prose, ordinary writing stays as it is (%s)', (text) => {
  expect(reveal(text, 'prose')).toEqual([{ text }]);
});

test('in prose, a change of direction and a zero-width space are still drawn', () => {
  expect(reveal('a\u202eb\u200bc', 'prose').filter(({ hidden }) => hidden)).toHaveLength(2);
});

test('spaces at the edge of an exact value are seen', () => {
  expect(reveal(' Bob  ').map(({ text }) => text)).toEqual(['␣', 'Bob', '␣', '␣']);
  expect(reveal(' Bob ', 'prose')).toEqual([{ text: ' Bob ' }]);
});

test('a letter of another script inside a Latin word stands beside its code point', () => {
  expect(reveal('p\u0430ypal')).toEqual([
    { text: 'p' },
    { text: '\u0430 U+0430', hidden: 'Cyrillic letter that looks like a Latin one' },
    { text: 'ypal' },
  ]);
});
