import createClient from 'openapi-fetch';
import { PATIENCE } from './patience';
import { problemFrom } from './problem';
import type { paths } from './schema';
import { currentToken, refresh } from './token';

function signed(request: Request): Request {
  const token = currentToken();
  if (token) request.headers.set('Authorization', `Bearer ${token}`);
  request.headers.set('X-Assent-Web', '1');
  return request;
}

function send(request: Request): Promise<Response> {
  return fetch(signed(request), { signal: AbortSignal.timeout(PATIENCE) });
}

/** `fetch` that signs each call and, once, renews an access token the server no longer takes. */
export async function signedFetch(request: Request): Promise<Response> {
  const again = request.clone();
  const used = currentToken();
  const response = await send(request);
  if (response.status !== 401 || !used) return response;
  const renewed = currentToken() !== used || (await refresh());
  return renewed ? send(again) : response;
}

export const api = createClient<paths>({
  baseUrl: window.location.origin,
  credentials: 'same-origin',
  fetch: signedFetch,
});

/** The data of a call, or its `Problem` thrown. */
export async function unwrap<T>(
  call: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<T> {
  const { data, error, response } = await call;
  if (!response.ok) throw problemFrom(response, error);
  return data as T;
}
