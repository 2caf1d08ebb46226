import { expect, test } from 'vitest';
import { hostOf, ownPath } from './safe-links';

const origin = 'https://assent.example.org';

test.each(['/s/1', '/s/1?x=2#y'])('%s is a way on', (next) => {
  expect(ownPath(next, '/sessions', origin)).toBe(next);
});

test.each([
  null,
  '',
  'https://evil.example',
  '//evil.example/x',
  '/\\evil.example',
  '/\t/evil.example',
  'javascript:alert(1)',
  '/sign-in',
])('%j leads home instead', (next) => {
  expect(ownPath(next, '/sessions', origin)).toBe('/sessions');
});

test('a host that pretends with look-alike letters shows its real name', () => {
  expect(hostOf('https://раypal.com/x')).toBe('xn--ypal-43d9g.com');
});

test('only web and mail addresses are links', () => {
  expect(hostOf('https://example.org:8443/a')).toBe('example.org:8443');
  expect(hostOf('mailto:dana@example.org')).toBe('dana@example.org');
  expect(hostOf('javascript:alert(1)')).toBeUndefined();
  expect(hostOf('not a link')).toBeUndefined();
});
