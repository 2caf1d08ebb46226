import { storage } from '@/lib/storage';
import { createStore } from '@/lib/store';
import { REQUEST_TIMEOUT_MS } from './request-timeout';

/**
 * Who is at the keyboard, as far as this tab knows. The access token lives only in this module; the refresh token is
 * an HttpOnly cookie that no script can read, so a mark in storage tells the next page load, and other tabs, how things stand.
 */
export type SignIn =
  /** There is an earlier sign-in to continue. */
  | 'unknown'
  | 'in'
  | 'out'
  /** Signed out on purpose. */
  | 'left'
  /** Ended by the server while the app was open. */
  | 'ended';

const MARK = 'assent.signed-in';

let accessToken: string | undefined;
let refreshing: Promise<boolean> | undefined;

export const signIn = createStore<SignIn>(storage.get(MARK) === 'in' ? 'unknown' : 'out');

export function currentToken(): string | undefined {
  return accessToken;
}

export function accept(token: string): void {
  accessToken = token;
  storage.set(MARK, 'in');
  signIn.set('in');
}

function lose(state: 'out' | 'left' | 'ended'): void {
  accessToken = undefined;
  storage.set(MARK, state);
  signIn.set(state);
}

/** The server ended the sign-in. Had the app been in use, its page stays and asks again; every socket may report it. */
export function endSignIn(): void {
  const state = signIn.get();
  if (state === 'in') lose('ended');
  if (state === 'unknown') lose('out');
}

function cookieCall(path: string): Promise<Response> {
  return fetch(path, {
    method: 'POST',
    credentials: 'same-origin',
    headers: { 'X-Assent-Web': '1', 'Content-Type': 'application/json' },
    body: JSON.stringify({ cookie: 1 }),
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
  });
}

async function exchange(): Promise<boolean> {
  const response = await cookieCall('/api/auth/refresh');
  if (response.ok) {
    const body = (await response.json()) as { access_token: string };
    accept(body.access_token);
    return true;
  }
  if (response.status < 500 && response.status !== 429) endSignIn();
  return false;
}

/**
 * A new access token from the cookie; false when the server refused. Refresh tokens rotate and a reused one ends the
 * sign-in, so tabs take turns. Rejects when the server cannot be reached.
 */
export function refresh(): Promise<boolean> {
  refreshing ??= withLock(exchange).finally(() => {
    refreshing = undefined;
  });
  return refreshing;
}

function withLock(work: () => Promise<boolean>): Promise<boolean> {
  // Web Locks need a secure context; without them each tab still serialises its own refreshes.
  return navigator.locks ? navigator.locks.request('assent.refresh', work) : work();
}

/** Rejects, and stays signed in, when the server cannot be told: a sign-in left alive elsewhere must not look ended. */
export async function signOut(): Promise<void> {
  const response = await cookieCall('/api/auth/revoke');
  if (response.status >= 500) throw new Error(`sign-out answered ${response.status}`);
  lose('left');
}

/** Lets go of a sign-in that the server has ended already, to start over as somebody else. */
export function forgetSignIn(): void {
  lose('left');
}

/** Signing out on purpose in one tab signs out every tab, also one whose connections have just been ended by that. */
export function followOtherTabs(): () => void {
  const listener = (event: StorageEvent) => {
    if (event.key !== MARK || event.newValue !== 'left') return;
    accessToken = undefined;
    signIn.set('left');
  };
  window.addEventListener('storage', listener);
  return () => window.removeEventListener('storage', listener);
}
