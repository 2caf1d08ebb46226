import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { isInteger, jsonText, parseJson, readInteger, readJson, readNumber } from './exact-json';

interface Row {
  kind: 'integer' | 'number';
  text: string;
  value?: string;
  refused?: string;
}

// The same rows hold the reader of every other channel: tests/channels/test_exact_numbers.py.
const rows = JSON.parse(
  readFileSync(resolve(import.meta.dirname, '../../../tests/support/number_cases.json'), 'utf8'),
) as Row[];

const read = { integer: readInteger, number: readNumber };

function result({ kind, text }: Row): Pick<Row, 'value' | 'refused'> {
  try {
    return { value: jsonText(read[kind](text)) };
  } catch (error) {
    return { refused: (error as Error).message };
  }
}

test.each(rows.map((row) => [row.kind, row.text, row] as const))('%s %j', (_kind, _text, row) => {
  const { value, refused } = row;
  expect(result(row)).toEqual({ value, refused });
});

test.each([
  '725653563933458432',
  '[9007199254740993,-9007199254740993,123456789012345678901234567890]',
  '{"a":1.0,"b":-0.0,"c":1e+16,"d":1e-05,"e":0.30000000000000004,"f":1.10}',
  '{"__proto__":{"x":1},"constructor":2,"toString":[],"":null}',
  '["\\u001f","\\ud83d\\ude00","a\\nb","true",true,false,null,"12"]',
])('JSON comes out as it went in: %s', (text) => {
  expect(jsonText(readJson(text))).toBe(jsonText(parseJson(text)));
  expect(jsonText(parseJson(text))).toBe(text.replace('\\ud83d\\ude00', '😀'));
});

test('a number that JavaScript writes alike is an ordinary number', () => {
  expect(parseJson('[0,-1,900,0.5,9007199254740991]')).toEqual([0, -1, 900, 0.5, 9007199254740991]);
});

test('an integer is told by how it is written', () => {
  expect(['12', '-3', '725653563933458432'].map((text) => isInteger(parseJson(text)))).toEqual([
    true,
    true,
    true,
  ]);
  expect(['1.0', '1e3', '"12"', 'null'].map((text) => isInteger(parseJson(text)))).toEqual([
    false,
    false,
    false,
    false,
  ]);
});

test.each(['', '{', 'NaN', '01', '1.', '{"a":1,"a":2}', '[1,]', "{'a':1}", '1 2'])(
  '%j is no JSON',
  (text) => {
    expect(() => readJson(text)).toThrow();
  },
);

test.each(['', '{', 'NaN', '01', '1.', '1.2.3', '725653563933458432a', '[1,]', '5e3.2', '-', '1 2'])(
  '%j from the server is no JSON',
  (text) => {
    expect(() => parseJson(text)).toThrow();
  },
);

test('what looks like a number in a text stays text', () => {
  const text = '{"725653563933458432":"see [725653563933458432, 1.0]","a":"\\\\","b":"\\"1.0,","c":1.0}';
  expect(jsonText(parseJson(text))).toBe(text);
  expect(parseJson('"725653563933458432"')).toBe('725653563933458432');
});

test('a text of millions of escapes is read too', () => {
  const long = `{"a":"${'\\n\\"'.repeat(3_000_000)}","b":725653563933458432}`;
  expect(String((parseJson(long) as { b: unknown }).b)).toBe('725653563933458432');
});

const LOCAL = new Set([
  'lib/drafts.ts',
  'live/outbox.ts',
  'lib/exact-json.ts',
  'api/token.ts',
  'features/auth/queries.ts',
  'live/new-version.ts',
]);

test('nothing else reads JSON with the reader that rounds', () => {
  const sources = import.meta.glob('../**/*.{ts,tsx}', { query: '?raw', import: 'default', eager: true });
  const rounding = Object.entries(sources)
    .filter(
      ([name, text]) =>
        !/\.test\.tsx?$|\/testing\//.test(name) && /JSON\.parse\(|\.json\(\)/.test(String(text)),
    )
    .map(([name]) => name.replace(/^(\.\.\/)+/, '').replace(/^\.\//, 'lib/'));
  expect(rounding.filter((name) => !LOCAL.has(name))).toEqual([]);
});
