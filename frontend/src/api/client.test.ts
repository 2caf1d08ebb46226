import { http, HttpResponse } from 'msw';
import { expect, test } from 'vitest';
import { jsonText, parseJson } from '@/lib/exact-json';
import { server } from '@/testing/server';
import { api, unwrap } from './client';

const ARGS = '{"user":725653563933458432,"wide":9007199254740993,"whole":1.0,"rate":1e-05}';
const params = { path: { request_id: 'req_1' } };
const json = { headers: { 'Content-Type': 'application/json' } };

function answerWith(text: string, status = 200): void {
  server.use(http.all('*/api/feedback/*', () => new HttpResponse(text, { ...json, status })));
}

test('what the server says is read to the digit', async () => {
  answerWith(`{"id":"req_1","action":{"args":${ARGS}}}`);
  const request = await unwrap(api.GET('/api/feedback/{request_id}', { params }));
  expect(jsonText(request.action?.args)).toBe(ARGS);
});

test('so is the request that a refusal carries', async () => {
  answerWith(`{"detail":"Already answered.","request":{"action":{"args":${ARGS}}}}`, 409);
  const refused = unwrap(api.GET('/api/feedback/{request_id}', { params }));
  await expect(refused).rejects.toMatchObject({ status: 409, message: 'Already answered.' });
  const { body } = (await refused.catch((error: unknown) => error)) as { body: { request: unknown } };
  expect(jsonText(body.request)).toBe(`{"action":{"args":${ARGS}}}`);
});

test('what is sent holds each number as it was typed', async () => {
  const sent: string[] = [];
  server.use(
    http.post('*/api/feedback/*', async ({ request }) => {
      sent.push(await request.text());
      return new HttpResponse('{}', json);
    }),
  );
  const values = parseJson(ARGS) as Record<string, unknown>;
  const body = { action: 'edit', values };
  await unwrap(api.POST('/api/feedback/{request_id}/answer', { params, body }));
  expect(sent).toEqual([`{"action":"edit","values":${ARGS}}`]);
});

test('a sign-in is sent as a form', async () => {
  const sent: string[] = [];
  server.use(
    http.post('*/api/auth/token', async ({ request }) => {
      sent.push(await request.text());
      return HttpResponse.json({ access_token: 'a', token_type: 'bearer', expires_in: 900 });
    }),
  );
  const { signIn } = await import('@/features/auth/queries');
  await signIn({ email: 'dana@example.org', password: 'a & b' });
  expect(sent).toEqual(['username=dana%40example.org&password=a+%26+b&cookie=true']);
});

test('an answer without a body, and one that is no JSON, are told apart from data', async () => {
  answerWith('');
  expect(await unwrap(api.GET('/api/feedback/{request_id}', { params }))).toBeUndefined();
  answerWith('<h1>Bad gateway</h1>', 502);
  await expect(unwrap(api.GET('/api/feedback/{request_id}', { params }))).rejects.toMatchObject({
    status: 502,
  });
});
