import { expect, test } from 'vitest';
import { Problem } from '@/api/problem';
import type { Config } from '@/api/types';
import { doors, initials, signInFailure } from './model';

const config: Config = {
  product: 'Assent',
  version: '0.1.0',
  registration: 'first',
  first_account: false,
  setup_code: false,
  model: 'demo',
  max_query_length: 4000,
};

test('the first person creates the account, later ones sign in', () => {
  expect(doors({ ...config, first_account: true })).toEqual({ first: 'first' });
  expect(doors(config)).toEqual({ first: 'sign-in' });
  expect(doors({ ...config, registration: 'open' })).toEqual({ first: 'sign-in', other: 'register' });
});

test('a refusal says what to do and never which part was wrong', () => {
  expect(signInFailure(new Problem(401, {}))).toBe('The email address or password is wrong.');
  expect(signInFailure(new Problem(429, {}, 40))).toBe('Too many tries. Try again in 40 seconds.');
  expect(signInFailure(new Problem(500, {}))).toBeUndefined();
});

test.each([
  ['Dana Reyes', 'DR'],
  ['dana', 'D'],
  ['  Ana María del Río ', 'AR'],
  ['\u202edana \u200b<b>', 'DB'],
])('%s is %s', (name, letters) => {
  expect(initials(name)).toBe(letters);
});
