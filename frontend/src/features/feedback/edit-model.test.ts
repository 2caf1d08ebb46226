import { expect, test } from 'vitest';
import { edited, editFields } from './edit-model';

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

test('untouched arguments keep their exact values', () => {
  expect(edited(fields, {})).toEqual({
    values: { amount: 500, to: 'Bob', meta: { a: 1 } },
    errors: {},
    changed: [],
  });
});

test('changes are typed and told', () => {
  expect(edited(fields, { amount: '250.5', meta: '{"a":2}', speed: 'fast' })).toEqual({
    values: { amount: 250.5, to: 'Bob', meta: { a: 2 }, speed: 'fast' },
    errors: {},
    changed: ['amount', 'meta', 'speed'],
  });
});

test('what cannot be read is named', () => {
  expect(edited(fields, { amount: '', meta: '{' }).errors).toEqual({
    amount: 'Enter a number.',
    meta: 'This is not valid JSON.',
  });
});

test('an argument called __proto__ is kept and can be changed', () => {
  const args = JSON.parse('{"__proto__": "a", "constructor": "b"}') as Record<string, unknown>;
  const odd = editFields(args, null);
  expect(Object.entries(edited(odd, {}).values)).toEqual(Object.entries(args));
  const changed = edited(odd, JSON.parse('{"__proto__": "c"}'));
  expect(Object.entries(changed.values)).toContainEqual(['__proto__', 'c']);
  expect(changed.changed).toEqual(['__proto__']);
});
