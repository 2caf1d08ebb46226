import createClient from 'openapi-fetch';
import { jsonText, parseJson } from '@/lib/exact-json';
import { REQUEST_TIMEOUT_MS } from './request-timeout';
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
  return fetch(signed(request), { signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) });
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

/** What each response said. openapi-fetch would read it with JSON.parse, which rounds: it gets responses without a body. */
const bodies = new WeakMap<Response, unknown>();

async function fetchExactly(request: Request): Promise<Response> {
  const response = await signedFetch(request);
  const text = await response.text();
  const { status, statusText } = response;
  const headers = new Headers(response.headers);
  headers.delete('Transfer-Encoding');
  headers.set('Content-Length', '0');
  const bare = new Response(null, { status, statusText, headers });
  bodies.set(bare, read(text));
  return bare;
}

/** A body that is no JSON, such as a proxy's page, says nothing. */
function read(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

export const api = createClient<paths>({
  baseUrl: window.location.origin,
  credentials: 'same-origin',
  fetch: fetchExactly,
  bodySerializer: (body) => jsonText(body),
});

/** The data of a call, or its `Problem` thrown. */
export async function unwrap<T>(
  call: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<T> {
  const { response } = await call;
  const body = bodies.get(response);
  if (!response.ok) throw problemFrom(response, body);
  return body as T;
}
