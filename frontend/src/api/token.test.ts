import { http, HttpResponse } from 'msw';
import { beforeEach, expect, test, vi } from 'vitest';
import { server } from '@/testing/server';

const refreshed = () => HttpResponse.json({ access_token: 'new', token_type: 'bearer', expires_in: 900 });

async function fresh() {
  vi.resetModules();
  return { token: await import('./token'), client: await import('./client') };
}

beforeEach(() => localStorage.setItem('assent.signed-in', 'in'));

test('without an earlier sign-in nothing is tried', async () => {
  localStorage.clear();
  const { token } = await fresh();
  expect(token.signIn.get()).toBe('out');
});

test('calls that find an old token renew it once and go again', async () => {
  let refreshes = 0;
  server.use(
    http.post('*/api/auth/refresh', ({ request }) => {
      refreshes += 1;
      expect(request.headers.get('X-Assent-Web')).toBe('1');
      return refreshed();
    }),
    http.get('*/api/auth/me', ({ request }) =>
      request.headers.get('Authorization') === 'Bearer new'
        ? HttpResponse.json({ name: 'Dana' })
        : HttpResponse.json({}, { status: 401 }),
    ),
  );
  const { token, client } = await fresh();
  token.accept('old');
  const calls = [1, 2].map(() => client.unwrap(client.api.GET('/api/auth/me')));
  expect((await Promise.all(calls)).map(({ name }) => name)).toEqual(['Dana', 'Dana']);
  expect(refreshes).toBe(1);
});

test('calls that a network swallows come to an end', async () => {
  server.use(http.all('*/api/auth/*', () => new Promise(() => {})));
  const { token, client } = await fresh();
  const patience = new AbortController();
  const timeout = vi.spyOn(AbortSignal, 'timeout').mockReturnValue(patience.signal);
  const calls = [client.api.GET('/api/auth/me'), token.refresh()];
  await vi.waitFor(() => expect(timeout).toHaveBeenCalledTimes(2));
  patience.abort(new DOMException('too long', 'TimeoutError'));
  const ended = await Promise.allSettled(calls);
  expect(ended.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
});

test('a refusal while the app is open asks to sign in again', async () => {
  server.use(http.post('*/api/auth/refresh', () => HttpResponse.json({}, { status: 401 })));
  const { token } = await fresh();
  token.accept('old');
  expect(await token.refresh()).toBe(false);
  expect(token.signIn.get()).toBe('ended');
  expect(localStorage.getItem('assent.signed-in')).toBe('ended');
});

test('however many connections report the end, the page stays', async () => {
  const { token } = await fresh();
  token.accept('old');
  token.endSignIn();
  token.endSignIn();
  expect(token.signIn.get()).toBe('ended');
});

test.each(['in', 'ended'])('signing out in another tab signs out this one (%s)', async (state) => {
  const { token } = await fresh();
  token.accept('old');
  if (state === 'ended') token.endSignIn();
  const stop = token.followOtherTabs();
  window.dispatchEvent(new StorageEvent('storage', { key: 'assent.signed-in', newValue: 'left' }));
  expect(token.signIn.get()).toBe('left');
  stop();
});

test('a server in trouble does not end the sign-in', async () => {
  server.use(http.post('*/api/auth/refresh', () => HttpResponse.json({}, { status: 503 })));
  const { token } = await fresh();
  token.accept('old');
  expect(await token.refresh()).toBe(false);
  expect(token.signIn.get()).toBe('in');
});

test('signing out stays signed in when the server cannot be told', async () => {
  server.use(http.post('*/api/auth/revoke', () => HttpResponse.error()));
  const { token } = await fresh();
  token.accept('old');
  await expect(token.signOut()).rejects.toThrow();
  expect(token.signIn.get()).toBe('in');
});
