import { QueryClient } from '@tanstack/react-query';
import { beforeEach, describe, expect, test } from 'vitest';
import { keys } from '@/api/keys';
import type { Session } from '@/api/types';
import { aMessage, answered, aRequest, aSession, frame } from '@/testing/fixtures';
import { applyFrames, applyInitialState, applyPassing, newerRequest } from './apply-event';
import type { SessionLog } from './log';

let cache: QueryClient;
const log = () => cache.getQueryData<SessionLog>(keys.log('s1'));
const said = (seq: number) => frame(seq, { type: 'message', message: aMessage({ id: `m${seq}` }) });

beforeEach(() => {
  cache = new QueryClient();
  cache.setQueryData(keys.session('s1'), aSession());
  cache.setQueryData(keys.sessionList(''), { pages: [{ items: [aSession()] }], pageParams: [''] });
});

describe('frames', () => {
  test('an empty session has a log, which is not the same as none', () => {
    applyInitialState(cache, 's1', {
      type: 'initial_state',
      state_messages: [],
      last_seq: 0,
      outcome: 'fresh',
    });
    expect(log()).toEqual({ cursor: 0, frames: [] });
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

describe('initial state', () => {
  test('a replay continues the log', () => {
    applyFrames(cache, 's1', [said(1)]);
    applyInitialState(cache, 's1', {
      type: 'initial_state',
      state_messages: [said(2)],
      last_seq: 2,
      outcome: 'replayed',
    });
    expect(log()?.frames).toHaveLength(2);
  });

  test('a resync replaces it, even by less', () => {
    applyFrames(cache, 's1', [said(1), said(2), said(3)]);
    applyInitialState(cache, 's1', {
      type: 'initial_state',
      state_messages: [said(1)],
      last_seq: 1,
      outcome: 'resync',
    });
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
