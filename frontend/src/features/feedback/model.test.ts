import { describe, expect, test } from 'vitest';
import type { Field } from '@/api/types';
import { answered, aRequest, dana } from '@/testing/fixtures';
import { jsonText, parseJson } from '@/lib/exact-json';
import {
  callJson,
  callLine,
  consequence,
  draftText,
  emptyDraft,
  facts,
  formErrors,
  formValues,
  notAsked,
  type Values,
  signature,
} from './model';

describe('the signature', () => {
  test('says who and where', () => {
    expect(signature(answered(aRequest(), 'approve'))).toEqual({
      tone: 'good',
      text: 'Approved by Dana in the web app',
      at: '2026-11-20T14:03:00Z',
    });
    const inSlack = answered(aRequest(), 'reject', {
      response: { action: 'reject', by: dana, via: 'slack', at: '2026-11-20T14:03:00Z' },
    });
    expect(signature(inSlack)).toMatchObject({ tone: 'bad', text: 'Rejected by Dana in Slack' });
  });

  test('says what happened when nobody answered', () => {
    expect(signature(aRequest({ status: 'expired' }))?.text).toBe(
      'Nobody answered in time, so it was rejected',
    );
  });

  const at = '2026-11-20T14:03:00Z';
  test.each([
    [{ by: dana, at }, 'Withdrawn by Dana'],
    [{ by: dana, why: 'the session was closed', at }, 'Withdrawn by Dana: the session was closed'],
    [{ why: 'the run was cancelled', at }, 'Withdrawn: the run was cancelled'],
    [undefined, 'Withdrawn before anybody answered'],
  ])('says who or what withdrew it (%#)', (closed, text) => {
    expect(signature(aRequest({ status: 'cancelled', ...(closed && { closed }) }))).toMatchObject({
      text,
      ...(closed && { at }),
    });
  });

  test('is missing while the request waits', () => {
    expect(signature(aRequest())).toBeUndefined();
  });
});

test('the consequence of silence follows the rule that was given', () => {
  expect(consequence(aRequest({ on_timeout: 'stop' }))).toBe('the run stops');
  expect(consequence(aRequest({ on_timeout: { action: 'submit', values: { choice: 'a' } } }))).toBe(
    'the answer given in advance is used',
  );
});

test('facts keep text as it is and show the rest as JSON', () => {
  expect(facts({ to: 'Bob', amount: 500, tags: ['a'], none: null })).toEqual([
    { name: 'to', value: 'Bob', type: 'string' },
    { name: 'amount', value: '500', type: 'number' },
    { name: 'tags', value: '[\n  "a"\n]', type: 'list' },
    { name: 'none', value: 'null', type: 'null' },
  ]);
});

test('a folded call fits on one line', () => {
  const action = { tool: 'mail', args: { to: 'Bob', body: 'a\n\nb' }, risk: 'low' as const, digest: '' };
  expect(callLine(action)).toBe('mail · to Bob · body a b');
});

test('only the people asked can decide', () => {
  expect(notAsked(aRequest(), dana.id)).toBeUndefined();
  expect(notAsked(aRequest({ to: ['p2'], recipients: [{ id: 'p2', name: 'Sam' }] }), dana.id)).toBe(
    'Only Sam can decide this.',
  );
  expect(notAsked(aRequest({ to: [], recipients: [] }), dana.id)).toMatch(/^Nobody can decide this any more/);
});

describe('forms', () => {
  const field = (change: Partial<Field>): Field => ({
    name: 'f',
    description: '',
    type: 'text',
    required: false,
    ...change,
  });

  test('what is required and missing is named, each by its own field', () => {
    const fields = [
      field({ name: 'a', required: true }),
      field({ name: 'b' }),
      field({ name: 'n', type: 'integer' }),
    ];
    expect(formErrors(fields, { n: '1.5' })).toEqual({
      a: 'This is needed.',
      n: 'Must be a whole number in plain digits such as 1200; "1.5" is not.',
    });
    expect(formErrors(fields, { a: 'x', n: '2' })).toEqual({});
  });

  test('values go out in their types, and what is empty stays out', () => {
    const fields = [
      field({ name: 'n', type: 'integer' }),
      field({ name: 'yes', type: 'boolean' }),
      field({ name: 'many', type: 'multi_enum' }),
      field({ name: 'empty' }),
      field({ name: 'kept', value: 'suggested' }),
    ];
    expect(formValues(fields, { n: '3', yes: true, many: ['a'] })).toEqual({
      n: 3,
      yes: true,
      many: ['a'],
      kept: 'suggested',
    });
  });
});

test('a draft reads as text, and an untouched one as nothing', () => {
  expect(draftText(emptyDraft)).toBe('');
  expect(draftText({ ...emptyDraft, reason: 'Too much', values: { n: '3', empty: '' } })).toBe(
    'Too much\nn: 3',
  );
});

const ARGS = '{"id":725653563933458432,"wide":[9007199254740993,{"a":1.0}],"e":1e+16,"s":"12","z":-0.0}';

test('a call is shown to the digit, in the table, on one line and as JSON', () => {
  const args = parseJson(ARGS) as Values;
  expect(facts(args).map(({ value, type }) => [value, type])).toEqual([
    ['725653563933458432', 'number'],
    ['[\n  9007199254740993,\n  {\n    "a": 1.0\n  }\n]', 'list'],
    ['1e+16', 'number'],
    ['12', 'string'],
    ['-0.0', 'number'],
  ]);
  const action = { tool: 'x', args, risk: 'low', digest: '' } as const;
  expect(callJson(action).replaceAll(/\s/g, '')).toBe(`{"tool":"x","args":${ARGS}}`);
  expect(callLine(action)).toContain('id 725653563933458432');
});

describe('numbers in a form', () => {
  const number = { name: 'n', type: 'number', description: '', required: true } as const;

  test('go as they were typed', () => {
    expect(jsonText(formValues([number], { n: '725653563933458432' }))).toBe('{"n":725653563933458432}');
    expect(formErrors([number], { n: '1.000' }).n).toBe('"1.000" may mean thousands: write 1000, or 1.0000.');
  });

  test('go as they were suggested where nobody touched them', () => {
    const field = { ...number, value: parseJson('1.234') };
    expect(formErrors([field], {})).toEqual({});
    expect(jsonText(formValues([field], {}))).toBe('{"n":1.234}');
  });
});

test('a field may be called like a part of every object', () => {
  const fields = ['constructor', '__proto__'].map(
    (name) => ({ name, type: 'text', description: '', required: true }) as const,
  );
  expect(formErrors(fields, {})).toMatchObject({ constructor: 'This is needed.' });
  expect(Object.entries(formValues(fields, JSON.parse('{"__proto__": "a", "constructor": "b"}')))).toEqual([
    ['constructor', 'b'],
    ['__proto__', 'a'],
  ]);
});
