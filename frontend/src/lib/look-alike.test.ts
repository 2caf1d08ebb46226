import { expect, test } from 'vitest';
import { looksLike, realHosts } from './look-alike';

test.each(['Привет, Bob', 'Bob от Анна', 'Ελλάδα', 'Tシャツ', 'naïve Straße', '价格 is 5'])(
  'languages side by side are no trick (%s)',
  (text) => {
    expect([...looksLike(text)]).toEqual([]);
  },
);

test('a word of nothing but twins is marked when nothing else is of their script', () => {
  expect([...looksLike('pay \u0441\u043e\u0440')].map(([at]) => at)).toEqual([4, 5, 6]);
});

test.each([
  ['see https://p\u0430ypal.com/a', ['xn--pypal-4ve.com']],
  ['write to bob@b\u00fccher.example', ['xn--bcher-kva.example']],
  ['https://example.org and bob@example.org', []],
])('hosts are told as the network knows them (%s)', (text, hosts) => {
  expect(realHosts(text)).toEqual(hosts);
});
