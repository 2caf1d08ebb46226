import { waitFor } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Problem } from '@/api/problem';
import { FakeSocket } from '@/testing/fake-socket';
import type { Frame } from './frames';
import { type Connection, SessionSocket, waitBefore } from './session-socket';

const READY = { type: 'connection_ready' };
const fresh = { type: 'initial_state', state_messages: [], first_seq: 1, last_seq: 0, outcome: 'fresh' };

let states: Connection[];
let frames: Frame[];
let cursor: number;
let verdict: 'ok' | 'behind';
let tickets: number;
let random: number;
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
    random: () => random,
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
  random = 0;
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

test('waits before each try for anything up to twice as long as before the last, and ten seconds at most', () => {
  const longest = [1, 2, 3, 4, 5, 6, 50].map((tries) => waitBefore(tries, () => 1));
  expect(longest).toEqual([1_000, 2_000, 4_000, 8_000, 10_000, 10_000, 10_000]);
  expect([0, 0.25, 0.5].map((value) => waitBefore(3, () => value))).toEqual([0, 1_000, 2_000]);
});

describe('after a connection broke', () => {
  beforeEach(async () => {
    const first = await attempt(0);
    first.accept(fresh, READY);
    random = 0.5;
    vi.useFakeTimers();
    first.drop(1012);
  });
  afterEach(() => vi.useRealTimers());

  test('it asks for no ticket before its time has come', async () => {
    await vi.advanceTimersByTimeAsync(499);
    expect(tickets).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(tickets).toBe(2);
    expect(FakeSocket.opened).toHaveLength(2);
  });

  test('somebody who asks for it does not wait', async () => {
    await vi.advanceTimersByTimeAsync(1);
    expect(tickets).toBe(1);
    socket.reconnect();
    await vi.advanceTimersByTimeAsync(1);
    expect(FakeSocket.opened).toHaveLength(2);
  });
});

test('asks for no more of a log than is shown at once', async () => {
  socket.close();
  FakeSocket.opened = [];
  socket = new SessionSocket({
    path: '/api/ws/session/s1',
    ticket,
    window: 50,
    onFrame: () => 'ok',
    onConnection: () => undefined,
    onSignedOut,
    WebSocket: FakeSocket,
  });
  expect((await attempt(0)).url.searchParams.get('window')).toBe('50');
});
