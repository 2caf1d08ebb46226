import type { InfiniteData, QueryClient } from '@tanstack/react-query';
import { keys } from '@/api/keys';
import type { FeedbackRequest, Session } from '@/api/types';
import { type DurableFrame, type InitialState, isDurable, type PassingFrame } from './frames';
import { append, emptyLog, logFrom, prepend, type SessionLog } from './session-log';

/**
 * The later of two views of one request: a decision never goes back to pending, and versions only grow. Of two alike
 * the one we have stays: a frame tells where the copies were when it was written, and they have moved on since.
 */
export function newerRequest(old: FeedbackRequest | undefined, next: FeedbackRequest): FeedbackRequest {
  if (!old) return next;
  if (old.status !== 'pending') return next.status !== 'pending' && next.version > old.version ? next : old;
  return next.status !== 'pending' || next.version > old.version ? next : old;
}

export function putRequest(cache: QueryClient, request: FeedbackRequest): void {
  cache.setQueryData<FeedbackRequest>(keys.request(request.id), (old) => newerRequest(old, request));
}

interface SessionPage {
  items: Session[];
  next?: string | null;
}

/** ArgumentChanges a session wherever it is shown. False when no list shows it. */
export function patchSession(cache: QueryClient, id: string, change: Partial<Session>): boolean {
  cache.setQueryData<Session>(keys.session(id), (old) => old && { ...old, ...change });
  let known = false;
  cache.setQueriesData<InfiniteData<SessionPage>>({ queryKey: keys.sessionLists }, (list) => {
    if (!list?.pages.some((page) => page.items.some((item) => item.id === id))) return list;
    known = true;
    return {
      ...list,
      pages: list.pages.map((page) => ({
        ...page,
        items: page.items.map((item) => (item.id === id ? { ...item, ...change } : item)),
      })),
    };
  });
  return known;
}

/** What a frame says about its session as the lists show it. */
function changeOf(frame: DurableFrame): Partial<Session> {
  const updated_at = frame.ts;
  switch (frame.type) {
    case 'task_started':
      return { updated_at, active_run_id: frame.run_id, agent_status: 'thinking' };
    case 'task_completed':
      return { updated_at, active_run_id: null, agent_status: 'completed' };
    case 'task_failed':
      return { updated_at, active_run_id: null, agent_status: 'error' };
    case 'task_cancelled':
      return { updated_at, active_run_id: null, agent_status: 'idle' };
    default:
      return { updated_at };
  }
}

export interface Applied {
  added: DurableFrame[];
  behind: boolean;
}

/** Durable frames of one session into the cache, in order and each once. */
export function applyFrames(cache: QueryClient, sessionId: string, frames: DurableFrame[]): Applied {
  const before = cache.getQueryData<SessionLog>(keys.log(sessionId)) ?? emptyLog;
  const { log, added, hole } = append(before, frames);
  if (log !== before || before === emptyLog) cache.setQueryData<SessionLog>(keys.log(sessionId), log);
  for (const frame of added) if ('request' in frame) putRequest(cache, frame.request);
  for (const frame of added) {
    if ('run_id' in frame) void cache.invalidateQueries({ queryKey: keys.run(frame.run_id) });
  }
  if (added.length > 0)
    patchSession(cache, sessionId, Object.assign({}, ...added.map(changeOf)) as Partial<Session>);
  return { added, behind: hole };
}

/** A replay tells where the copies of a request were when it was asked; for those still open, ask where they are. */
function readOpenRequests(cache: QueryClient, replayed: DurableFrame[]): void {
  for (const frame of replayed) {
    if (!('request' in frame)) continue;
    const queryKey = keys.request(frame.request.id);
    if (cache.getQueryData<FeedbackRequest>(queryKey)?.status === 'pending') {
      void cache.invalidateQueries({ queryKey });
    }
  }
}

/** Earlier frames of a session than those in the cache. */
export function applyEarlier(cache: QueryClient, sessionId: string, frames: DurableFrame[]): void {
  cache.setQueryData<SessionLog>(keys.log(sessionId), (log) => log && prepend(log, frames));
  for (const frame of frames) if ('request' in frame) putRequest(cache, frame.request);
}

/** The first frame of a connection. A `fresh` or `resync` outcome carries the end of the log and replaces ours. */
export function applyInitialState(cache: QueryClient, sessionId: string, frame: InitialState): Applied {
  if (frame.outcome !== 'replayed') {
    cache.setQueryData<SessionLog>(keys.log(sessionId), logFrom(frame.first_seq));
  }
  const applied = applyFrames(cache, sessionId, frame.state_messages.filter(isDurable));
  readOpenRequests(cache, applied.added);
  if (frame.outcome === 'resync')
    void cache.invalidateQueries({ queryKey: keys.session(sessionId), exact: true });
  return applied;
}

/** A frame without a number, as far as the cache is concerned. True when we turn out to be behind. */
export function applyPassing(cache: QueryClient, sessionId: string, frame: PassingFrame): boolean {
  if (frame.type === 'agent_status') {
    patchSession(cache, sessionId, { agent_status: frame.status, agent_detail: frame.detail ?? null });
    const runId = cache.getQueryData<Session>(keys.session(sessionId))?.active_run_id;
    if (runId) void cache.invalidateQueries({ queryKey: keys.run(runId) });
  }
  if (frame.type === 'heartbeat') {
    return (frame.last_seq ?? 0) > (cache.getQueryData<SessionLog>(keys.log(sessionId))?.cursor ?? 0);
  }
  return false;
}
