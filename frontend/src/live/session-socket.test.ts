import { waitFor } from '@testing-library/react';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Problem } from '@/api/problem';
import { FakeSocket } from '@/testing/fake-socket';
import type { Frame } from './frames';
import { type Connection, SessionSocket } from './session-socket';

const READY = { type: 'connection_ready' };
const fresh = { type: 'initial_state', state_messages: [], last_seq: 0, outcome: 'fresh' };

let states: Connection[];
let frames: Frame[];
let cursor: number;
let verdict: 'ok' | 'behind';
let tickets: number;
const ticket = vi.fn<() => Promise<string>>();
const onSignedOut = vi.fn<() => void>();
let socket: SessionSocket;

function connect(): void {
  socket = new SessionSocket({
    path: '/api/ws/session/s1',
    ticket,
    cursor: () => cursor,
    onFrame: (frame) => {
      frames.push(frame);
      return verdict;
    },
    onConnection: (state) => states.push(state),
    onSignedOut,
    WebSocket: FakeSocket,
  });
}

async function attempt(n: number): Promise<FakeSocket> {
  return waitFor(() => {
    const opened = FakeSocket.opened[n];
    if (!opened) throw new Error(`no attempt ${n}`);
    return opened;
  });
}

beforeEach(() => {
  FakeSocket.opened = [];
  states = [];
  frames = [];
  cursor = 0;
  verdict = 'ok';
  tickets = 0;
  ticket.mockReset().mockImplementation(() => Promise.resolve(`t${++tickets}`));
  onSignedOut.mockReset();
  connect();
});

afterEach(() => socket.close());

test('connects with a ticket and no cursor at first, and acknowledges', async () => {
  const first = await attempt(0);
  expect(first.url.searchParams.get('ticket')).toBe('t1');
  expect(first.url.searchParams.has('after')).toBe(false);
  first.accept(fresh, READY);
  expect(states).toEqual(['connecting', 'connected']);
  expect(first.sent).toEqual(['{"type":"connection_acknowledged"}']);
});

test('every try has its own ticket and the latest cursor', async () => {
  const first = await attempt(0);
  first.accept(fresh, READY);
  cursor = 7;
  first.drop();
  const second = await attempt(1);
  expect(second.url.searchParams.get('ticket')).toBe('t2');
  expect(second.url.searchParams.get('after')).toBe('7');
  second.accept({ ...fresh, outcome: 'replayed' }, READY);
  expect(states).toEqual(['connecting', 'connected', 'reconnecting', 'replaying', 'connected']);
});

test('a hole makes it ask again from the cursor', async () => {
  const first = await attempt(0);
  first.accept(fresh, READY);
  cursor = 3;
  verdict = 'behind';
  first.say({ type: 'message', seq: 5 });
  verdict = 'ok';
  expect((await attempt(1)).url.searchParams.get('after')).toBe('3');
});

test('says when it had to start from the whole state', async () => {
  const first = await attempt(0);
  first.accept({ ...fresh, outcome: 'resync' }, READY);
  expect(states.at(-1)).toBe('resync');
});

test('a sign-in that ended stops it for good', async () => {
  const first = await attempt(0);
  first.accept(fresh, READY);
  first.drop(4401);
  expect(onSignedOut).toHaveBeenCalledOnce();
  expect(states.at(-1)).toBe('signed-out');
});

test('no ticket for somebody signed out stops it too', async () => {
  const first = await attempt(0);
  ticket.mockRejectedValue(new Problem(401, {}));
  first.drop();
  await waitFor(() => expect(onSignedOut).toHaveBeenCalledOnce());
  expect(FakeSocket.opened).toHaveLength(1);
});

test('three tries in vain count as offline', async () => {
  for (const n of [0, 1, 2]) (await attempt(n)).drop();
  expect(states.at(-1)).toBe('offline');
});

test('what is no frame is ignored', async () => {
  const first = await attempt(0);
  first.accept(fresh);
  first.dispatchEvent(new MessageEvent('message', { data: 'not json' }));
  first.dispatchEvent(new MessageEvent('message', { data: '[1]' }));
  expect(frames).toHaveLength(1);
});
