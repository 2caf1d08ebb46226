import { QueryClient, QueryObserver } from '@tanstack/react-query';
import { waitFor } from '@testing-library/react';
import { beforeEach, describe, expect, test } from 'vitest';
import { keys } from '@/api/keys';
import type { Session } from '@/api/types';
import { aMessage, answered, aRequest, aSession, frame } from '@/testing/fixtures';
import { applyFrames, applyInitialState, applyPassing, newerRequest } from './apply-event';
import type { DurableFrame, InitialState } from './frames';
import type { SessionLog } from './session-log';
import { queueDegraded } from './queue-status';
import { applyMine } from './use-live-me';

let cache: QueryClient;
const log = () => cache.getQueryData<SessionLog>(keys.log('s1'));
const initial = (outcome: InitialState['outcome'], ...state_messages: DurableFrame[]): InitialState => ({
  type: 'initial_state',
  session_id: 's1',
  state_count: state_messages.length,
  first_seq: state_messages[0]?.seq ?? 1,
  last_seq: state_messages.at(-1)?.seq ?? 0,
  outcome,
  state_messages,
});
const said = (seq: number) => frame(seq, { type: 'message', message: aMessage({ id: `m${seq}` }) });

beforeEach(() => {
  cache = new QueryClient();
  cache.setQueryData(keys.session('s1'), aSession());
  cache.setQueryData(keys.sessionList(''), { pages: [{ items: [aSession()] }], pageParams: [''] });
});

describe('frames', () => {
  test('an empty session has a log, which is not the same as none', () => {
    applyInitialState(cache, 's1', initial('fresh'));
    expect(log()).toEqual({ first: 1, cursor: 0, frames: [] });
  });

  test('a hole is reported and waits for the missing frame', () => {
    expect(applyFrames(cache, 's1', [said(1)]).behind).toBe(false);
    expect(applyFrames(cache, 's1', [said(3)]).behind).toBe(true);
    expect(log()?.cursor).toBe(1);
    applyFrames(cache, 's1', [said(2), said(3)]);
    expect(log()?.cursor).toBe(3);
  });

  test('a request lands under its own key and its decision replaces it', () => {
    const request = aRequest();
    applyFrames(cache, 's1', [frame(1, { type: 'request_confirmation', message: '', request })]);
    expect(cache.getQueryData(keys.request('r1'))).toEqual(request);
    const settled = answered(request, 'approve');
    applyFrames(cache, 's1', [frame(2, { type: 'feedback_resolved', request: settled })]);
    expect(cache.getQueryData(keys.request('r1'))).toEqual(settled);
  });

  test('what a run does shows wherever its session is listed', () => {
    applyFrames(cache, 's1', [frame(1, { type: 'task_started', content: '', run_id: 'run1' })]);
    expect(cache.getQueryData<Session>(keys.session('s1'))?.active_run_id).toBe('run1');
    const list = cache.getQueryData<{ pages: { items: Session[] }[] }>(keys.sessionList(''));
    expect(list?.pages[0]?.items[0]?.agent_status).toBe('thinking');
  });
});

describe('copies of a request', () => {
  const copy = {
    channel: 'slack',
    person_id: 'p1',
    status: 'queued',
    attempts: 0,
    step: 0,
    round: 0,
  } as const;
  const asked = aRequest({ deliveries: [copy] });
  const moved = aRequest({ deliveries: [{ ...copy, status: 'sent' }] });
  const ask = frame(1, { type: 'request_confirmation', message: '', request: asked });

  test('have moved on since the frame that asked', () => {
    expect(newerRequest(moved, asked)).toBe(moved);
    expect(newerRequest(moved, { ...asked, version: 2 }).version).toBe(2);
    expect(newerRequest(moved, answered(asked, 'approve')).status).toBe('answered');
  });

  test('are asked for after a replay, where the request is still open', () => {
    applyInitialState(cache, 's1', initial('fresh', ask));
    expect(cache.getQueryState(keys.request('r1'))?.isInvalidated).toBe(true);
    const settled = frame(2, { type: 'feedback_resolved', request: answered(asked, 'approve') });
    cache.clear();
    applyInitialState(cache, 's1', initial('fresh', ask, settled));
    expect(cache.getQueryState(keys.request('r1'))?.isInvalidated).toBe(false);
  });

  test('that move make whoever shows the request read it anew, and a dead letter the lists', () => {
    const delivery = {
      type: 'feedback_delivery',
      session_id: 's1',
      request_id: 'r1',
      channel: 'slack',
      person_id: 'p1',
      status: 'failed',
    } as const;
    cache.setQueryData(keys.request('r1'), asked);
    applyMine(cache, delivery);
    expect(cache.getQueryState(keys.request('r1'))?.isInvalidated).toBe(true);
    expect(cache.getQueryState(keys.sessionList(''))?.isInvalidated).toBe(false);
    applyMine(cache, { ...delivery, dead_letter: true });
    expect(cache.getQueryState(keys.sessionList(''))?.isInvalidated).toBe(true);
  });
});

describe('initial state', () => {
  test('a replay continues the log', () => {
    applyFrames(cache, 's1', [said(1)]);
    applyInitialState(cache, 's1', initial('replayed', said(2)));
    expect(log()?.frames).toHaveLength(2);
  });

  test('a resync replaces it, even by less', () => {
    applyFrames(cache, 's1', [said(1), said(2), said(3)]);
    applyInitialState(cache, 's1', initial('resync', said(1)));
    expect(log()?.cursor).toBe(1);
  });
});

describe('passing frames', () => {
  test('the agent says what it is doing', () => {
    applyPassing(cache, 's1', {
      type: 'agent_status',
      session_id: 's1',
      status: 'using_tool',
      detail: 'calculate',
    });
    expect(cache.getQueryData<Session>(keys.session('s1'))).toMatchObject({
      agent_status: 'using_tool',
      agent_detail: 'calculate',
    });
  });

  test('a heartbeat ahead of the log means that something was missed', () => {
    applyFrames(cache, 's1', [said(1)]);
    expect(applyPassing(cache, 's1', { type: 'heartbeat', last_seq: 1 })).toBe(false);
    expect(applyPassing(cache, 's1', { type: 'heartbeat', last_seq: 2 })).toBe(true);
  });
});

describe('two views of one request', () => {
  test('a decision never goes back to pending', () => {
    const settled = answered(aRequest(), 'approve');
    expect(newerRequest(settled, aRequest({ version: 9 }))).toBe(settled);
  });

  test('an older version never replaces a newer one', () => {
    const newer = aRequest({ version: 2 });
    expect(newerRequest(newer, aRequest({ version: 1 }))).toBe(newer);
  });
});

describe('the platform', () => {
  test('says when it works without its queue, at once and to whoever connects meanwhile', () => {
    applyMine(cache, { type: 'platform_status', queue: 'degraded' });
    expect(queueDegraded.get()).toBe(true);
    applyMine(cache, { type: 'connection_ready', queue: 'ok' });
    expect(queueDegraded.get()).toBe(false);
    applyMine(cache, { type: 'connection_ready' });
    expect(queueDegraded.get()).toBe(false);
  });
});

describe('a list that is on its way', () => {
  test('does not put an older state back over what was told meanwhile', async () => {
    const list = keys.sessionList('');
    const page = (agent_status: Session['agent_status']) => ({
      pages: [{ items: [aSession({ agent_status })] }],
      pageParams: [''],
    });
    const replies: ((data: unknown) => void)[] = [];
    const asked = new QueryObserver(cache, {
      queryKey: list,
      queryFn: () => new Promise((resolve) => replies.push(resolve)),
    });
    const stop = asked.subscribe(() => {});
    await waitFor(() => expect(replies).toHaveLength(1));
    applyMine(cache, {
      type: 'session_changed',
      session_id: 's1',
      change: 'agent_status',
      agent_status: 'completed',
    });
    replies[0]?.(page('thinking'));
    await waitFor(() => expect(replies).toHaveLength(2));
    replies[1]?.(page('completed'));
    await waitFor(() => expect(cache.isFetching()).toBe(0));
    expect(cache.getQueryData(list)).toEqual(page('completed'));
    stop();
  });
});
