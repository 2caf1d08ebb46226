import { expect, test } from 'vitest';
import { jsonText, parseJson } from '@/lib/exact-json';
import { edited, editFields, editText } from './edited-arguments';
import type { Values } from './model';

const schema = {
  type: 'object',
  properties: {
    amount: { type: 'number', description: 'In euro' },
    speed: { enum: ['slow', 'fast'] },
    meta: { type: 'object' },
  },
  required: ['amount'],
};
const fields = editFields({ amount: 500, to: 'Bob', meta: { a: 1 } }, schema);

test('every argument is a field of its type, with or without a schema', () => {
  expect(fields.map(({ name, type, required }) => [name, type, required])).toEqual([
    ['amount', 'number', true],
    ['to', 'text', false],
    ['meta', 'json', false],
    ['speed', 'enum', false],
  ]);
});

test('what was not touched is not sent', () => {
  expect(edited(fields, {})).toEqual({ edits: {}, errors: {}, changed: [] });
  expect(edited(fields, { amount: '500', to: 'Bob' })).toEqual({ edits: {}, errors: {}, changed: [] });
});

test('an id is not rounded when another argument is edited, nor when it is typed', () => {
  const args = parseJson('{"user":725653563933458432,"amount":500}') as Values;
  const exact = editFields(args, null);
  expect(exact.map((field) => [field.type, editText(field)])).toEqual([
    ['integer', '725653563933458432'],
    ['integer', '500'],
  ]);
  expect(jsonText(edited(exact, { amount: '501' }).edits)).toBe('{"amount":501}');
  expect(jsonText(edited(exact, { user: '9007199254740993' }).edits)).toBe('{"user":9007199254740993}');
});

test.each(['1.000', '0x10', '1e3', '1,000', ' ', ''])('a whole number is not read out of %j', (text) => {
  const { edits, errors } = edited(editFields({ n: 500 }, null), { n: text });
  expect([edits, Object.keys(errors)]).toEqual([{}, ['n']]);
});

test('text is kept as it was typed', () => {
  for (const text of [' Bob ', '', '\n', 'a\n\n b ']) {
    expect(edited(fields, { to: text }).edits).toEqual({ to: text });
  }
});

test('text that a browser would change is edited as JSON', () => {
  const [note] = editFields({ note: 'a\r\nb' }, null);
  expect([note?.type, note && editText(note)]).toEqual(['json', '"a\\r\\nb"']);
  expect(edited(editFields({ note: 'a\r\nb' }, null), { note: '"a\\r\\nc"' }).edits).toEqual({
    note: 'a\r\nc',
  });
});

test('changes are typed and told', () => {
  expect(edited(fields, { amount: '250.5', meta: '{"a":2}', speed: 'fast' })).toEqual({
    edits: { amount: 250.5, meta: { a: 2 }, speed: 'fast' },
    errors: {},
    changed: ['amount', 'meta', 'speed'],
  });
});

test('what cannot be read is named', () => {
  expect(edited(fields, { amount: '', meta: '{' }).errors).toEqual({
    amount: 'Needs a value: an argument can be changed, and not taken out.',
    meta: 'Must be JSON.',
  });
});

test('an argument called __proto__ is kept and can be changed', () => {
  const args = JSON.parse('{"__proto__": "a", "constructor": "b"}') as Record<string, unknown>;
  const odd = editFields(args, null);
  const changed = edited(odd, JSON.parse('{"__proto__": "c"}'));
  expect(Object.entries(changed.edits)).toContainEqual(['__proto__', 'c']);
  expect(changed.changed).toEqual(['__proto__']);
});
