import { QueryClient } from '@tanstack/react-query';
import { waitFor } from '@testing-library/react';
import { http, HttpResponse } from 'msw';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Session } from '@/api/types';
import { FakeSocket } from '@/testing/fake-socket';
import { aMessage, aSession, frame } from '@/testing/fixtures';
import { server } from '@/testing/server';
import type { DurableFrame } from './frames';
import { LiveSession } from './live-session';

const asked = [
  frame(1, { type: 'message', message: aMessage({ run_id: 'run1' }) }),
  frame(2, { type: 'task_started', content: '', run_id: 'run1' }),
];
const partial = { run_id: 'run1', attempt: 1, content: 'Half' };

let session: Session;
let looks: number;
let live: LiveSession;

beforeEach(() => {
  FakeSocket.opened = [];
  looks = 0;
  session = aSession({ last_seq: 2 });
  vi.stubGlobal('WebSocket', FakeSocket);
  server.use(
    http.post('*/api/auth/ws-ticket', () => HttpResponse.json({ ticket: 't' })),
    http.get('*/api/sessions/s1', () => {
      looks += 1;
      return HttpResponse.json(session);
    }),
  );
  live = new LiveSession('s1', new QueryClient(), () => undefined);
  live.start();
});

afterEach(() => {
  live.stop();
  vi.unstubAllGlobals();
});

async function connect(state_messages: DurableFrame[], more: object = {}): Promise<FakeSocket> {
  const socket = await waitFor(() => {
    const opened = FakeSocket.opened[0];
    if (!opened) throw new Error('not connected');
    return opened;
  });
  const last_seq = state_messages.length;
  socket.accept({ type: 'initial_state', state_messages, last_seq, outcome: 'fresh', ...more });
  return socket;
}

test('a log that ends mid-turn without a run on the server is cut off, until something comes', async () => {
  const socket = await connect(asked);
  await waitFor(() => expect(live.cutOff.get()).toBe(true));
  socket.say(frame(3, { type: 'message', message: aMessage({ id: 'm2', run_id: 'run2' }) }));
  expect(live.cutOff.get()).toBe(false);
});

/** The same log again, by a connection that has nothing new. */
const replayed = { type: 'initial_state', state_messages: [], last_seq: 2, outcome: 'replayed' };

test.each([
  ['a run works on it', { active_run_id: 'run1', last_seq: 2 }],
  ['the server is further than this log', { last_seq: 3 }],
])('it is not while %s', async (_, change) => {
  const lookedWhenItChanged: number[] = [];
  live.cutOff.subscribe(() => lookedWhenItChanged.push(looks));
  session = aSession(change);
  const socket = await connect(asked);
  await waitFor(() => expect(looks).toBe(1));
  session = aSession({ last_seq: 2 });
  socket.say(replayed);
  await waitFor(() => expect(live.cutOff.get()).toBe(true));
  expect(lookedWhenItChanged).toEqual([2]);
});

test('it is not when the turn ended while the server was asked', async () => {
  const verdicts: boolean[] = [];
  live.cutOff.subscribe(() => verdicts.push(live.cutOff.get()));
  session = aSession({ last_seq: 3 });
  const socket = await connect(asked);
  socket.say(frame(3, { type: 'task_completed', content: '', run_id: 'run1' }));
  await waitFor(() => expect(looks).toBe(1));
  socket.say(frame(4, { type: 'task_started', content: '', run_id: 'run2' }));
  session = aSession({ last_seq: 4 });
  socket.say({ ...replayed, last_seq: 4 });
  await waitFor(() => expect(looks).toBe(2));
  await waitFor(() => expect(live.cutOff.get()).toBe(true));
  expect(verdicts).toEqual([true]);
});

test('nobody asks while a reply is being written', async () => {
  const socket = await connect(asked, { partial });
  socket.say(replayed);
  await waitFor(() => expect(live.cutOff.get()).toBe(true));
  expect(looks).toBe(1);
});
