import { QueryClient } from '@tanstack/react-query';
import { waitFor } from '@testing-library/react';
import { http, HttpResponse } from 'msw';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { keys } from '@/api/keys';
import type { Session } from '@/api/types';
import { FakeSocket } from '@/testing/fake-socket';
import { aMessage, aSession, frame } from '@/testing/fixtures';
import { server } from '@/testing/server';
import type { DurableFrame } from './frames';
import { LiveSession } from './live-session';
import type { SessionLog } from './session-log';

const asked = [
  frame(1, { type: 'message', message: aMessage({ run_id: 'run1' }) }),
  frame(2, { type: 'task_started', content: '', run_id: 'run1' }),
];
const partial = { run_id: 'run1', attempt: 1, content: 'Half' };

let session: Session;
let looks: number;
let live: LiveSession;
let cache: QueryClient;
let news: number[];

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
  news = [];
  cache = new QueryClient();
  live = new LiveSession('s1', cache, (frames) => news.push(...frames.map(({ seq }) => seq)));
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
  socket.accept({ type: 'initial_state', state_messages, first_seq: 1, last_seq, outcome: 'fresh', ...more });
  return socket;
}

test('a log that ends mid-turn without a run on the server is cut off, until something comes', async () => {
  const socket = await connect(asked);
  await waitFor(() => expect(live.cutOff.get()).toBe(true));
  socket.say(frame(3, { type: 'message', message: aMessage({ id: 'm2', run_id: 'run2' }) }));
  expect(live.cutOff.get()).toBe(false);
});

/** The same log again, by a connection that has nothing new. */
const replayed = {
  type: 'initial_state',
  state_messages: [],
  first_seq: 3,
  last_seq: 2,
  outcome: 'replayed',
};

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

describe('a log that begins in the middle', () => {
  const said = (seq: number) => frame(seq, { type: 'message', message: aMessage({ id: `m${seq}` }) });
  const window = { type: 'initial_state', outcome: 'fresh', first_seq: 5, last_seq: 6 };
  let pages: string[];
  let fails: boolean;

  beforeEach(async () => {
    pages = [];
    fails = false;
    server.use(
      http.get('*/api/sessions/s1/events', ({ request }) => {
        const before = Number(new URL(request.url).searchParams.get('before'));
        pages.push(String(before));
        if (fails) return HttpResponse.error();
        const items = [before - 2, before - 1].map(said);
        return HttpResponse.json({ items, last_seq: 6 });
      }),
    );
    const socket = await waitFor(() => {
      const opened = FakeSocket.opened[0];
      if (!opened) throw new Error('not connected');
      return opened;
    });
    expect(socket.url.searchParams.get('window')).toBe('400');
    socket.accept({ ...window, state_messages: [said(5), said(6)] });
    fails = true;
    socket.say({ type: 'connection_ready' });
  });

  function seqs(): number[] | undefined {
    return cache.getQueryData<SessionLog>(keys.log('s1'))?.frames.map(({ seq }) => seq);
  }

  test('is shown at once and read backwards to its beginning, also after that failed', async () => {
    await waitFor(() => expect(pages).toEqual(['5']));
    expect(seqs()).toEqual([5, 6]);
    fails = false;
    FakeSocket.opened[0]?.say({ type: 'connection_ready' });
    await waitFor(() => expect(seqs()).toEqual([1, 2, 3, 4, 5, 6]));
    expect(pages).toEqual(['5', '5', '3']);
    expect(news).toEqual([5, 6]);
  });
});
