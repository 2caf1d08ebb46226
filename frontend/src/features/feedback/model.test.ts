import { describe, expect, test } from 'vitest';
import type { Field } from '@/api/types';
import { answered, aRequest, dana } from '@/testing/fixtures';
import {
  callLine,
  consequence,
  draftText,
  emptyDraft,
  facts,
  formErrors,
  formValues,
  notAsked,
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
    { name: 'to', value: 'Bob', type: 'string', rounded: false },
    { name: 'amount', value: '500', type: 'number', rounded: false },
    { name: 'tags', value: '[\n  "a"\n]', type: 'list', rounded: false },
    { name: 'none', value: 'null', type: 'null', rounded: false },
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
    expect(formErrors(fields, { n: '1.5' })).toEqual({ a: 'This is needed.', n: 'Enter a whole number.' });
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

test.each([1e21, 2 ** 53, [1, { a: -1e30 }]])('a number with too many digits is told (%j)', (value) => {
  expect(facts({ value })[0]?.rounded).toBe(true);
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
