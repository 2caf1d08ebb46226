import type { FeedbackRequest, FeedbackType, Message, Session } from '@/api/types';
import type { DurableFrame } from '@/live/frames';
import { newerRequest } from '@/live/apply-event';
import { where } from '@/lib/channels';
import { day, remaining } from '@/lib/time';

/** `steps` names the run whose steps are told with the item: its first one. */
export type Item =
  | { kind: 'message'; key: string; at: string; message: Message; steps?: string }
  | { kind: 'request'; key: string; at: string; request: FeedbackRequest }
  | { kind: 'failed'; key: string; at: string; error: string; runId: string; retry?: string; steps?: string }
  | { kind: 'line'; key: string; at: string; text: string; steps?: string }
  | { kind: 'day'; key: string; at: string; text: string };

export interface Timeline {
  items: Item[];
  pending: FeedbackRequest[];
  /** The run that has started and not ended. */
  runId?: string;
  /** What a person said last. */
  lastWords: string;
}

/** The log as it is read: turns, requests at the place where they were asked, and what happened to runs. */
export function buildTimeline(frames: DurableFrame[], now = Date.now()): Timeline {
  const items: Item[] = [];
  const places = new Map<string, number>();
  const asked = new Map<string, string>();
  const told = new Set<string>();
  let runId: string | undefined;
  let lastWords = '';
  let lastDay = '';

  function stepsOf(id: string | null | undefined): { steps?: string } {
    if (!id || told.has(id)) return {};
    told.add(id);
    return { steps: id };
  }

  function add(item: Item) {
    const name = day(item.at, now);
    if (name !== lastDay) items.push({ kind: 'day', key: `day-${item.key}`, at: item.at, text: name });
    lastDay = name;
    items.push(item);
  }

  for (const frame of frames) {
    const at = frame.ts;
    const key = String(frame.seq);
    switch (frame.type) {
      case 'message':
        if (frame.message.type === 'user') {
          lastWords = frame.message.content;
          if (runId) asked.set(runId, lastWords);
        }
        add({
          kind: 'message',
          key,
          at,
          message: frame.message,
          ...(frame.message.type === 'agent' && stepsOf(frame.message.run_id)),
        });
        break;
      case 'task_started':
        runId = frame.run_id;
        asked.set(runId, lastWords);
        break;
      case 'task_completed':
        runId = undefined;
        break;
      case 'task_failed':
        runId = undefined;
        add({
          kind: 'failed',
          key,
          at,
          error: frame.error,
          runId: frame.run_id,
          ...retryOf(asked, frame.run_id),
          ...stepsOf(frame.run_id),
        });
        break;
      case 'task_cancelled':
        runId = undefined;
        add({
          kind: 'line',
          key,
          at,
          text: frame.reason === 'stopped' ? 'Stopped at a checkpoint' : 'Stopped',
          ...stepsOf(frame.run_id),
        });
        break;
      default: {
        const place = places.get(frame.request.id);
        const item = place === undefined ? undefined : items[place];
        if (item?.kind === 'request') item.request = newerRequest(item.request, frame.request);
        else {
          add({ kind: 'request', key: frame.request.id, at, request: frame.request });
          places.set(frame.request.id, items.length - 1);
        }
      }
    }
  }
  const requests = items.flatMap((item) => (item.kind === 'request' ? [item.request] : []));
  return {
    items,
    pending: requests.filter((request) => request.status === 'pending'),
    ...(runId && { runId }),
    lastWords,
  };
}

function retryOf(asked: Map<string, string>, runId: string): { retry?: string } {
  const retry = asked.get(runId);
  return retry ? { retry } : {};
}

/** Those of the open requests that this person was asked. */
export function forPerson(pending: FeedbackRequest[], id: string | undefined): FeedbackRequest[] {
  return pending.filter(
    (request) => request.to.length === 0 || (id !== undefined && request.to.includes(id)),
  );
}

const KINDS: Record<FeedbackType, string> = {
  confirmation: 'approval',
  choice: 'question',
  text: 'question',
  form: 'form',
  checkpoint: 'review',
};
const LIST = new Intl.ListFormat('en');

/** "1 approval and 2 questions waiting" */
export function waitingWords(pending: FeedbackRequest[]): string {
  const counts = new Map<string, number>();
  for (const { type } of pending) counts.set(KINDS[type], (counts.get(KINDS[type]) ?? 0) + 1);
  const parts = [...counts].map(([kind, count]) => `${count} ${kind}${count === 1 ? '' : 's'}`);
  return `${LIST.format(parts)} waiting`;
}

export interface Status {
  tone: 'idle' | 'done' | 'working' | 'waiting' | 'lost' | 'failed';
  text: string;
}

export const CUT_OFF: Status = { tone: 'failed', text: 'Cut off' };

/** The session's state in a few words. `others` are the people asked when it is not the reader. */
export function statusOf(session: Session, waiting: number, running: boolean, others = ''): Status {
  if (session.status === 'closed') return { tone: 'idle', text: 'Closed' };
  if (waiting > 0 || others) {
    const whom = waiting > 0 ? (waiting === 1 ? 'you' : `you (${waiting})`) : others;
    if (session.undelivered > 0) return { tone: 'lost', text: `Waiting for ${whom}, not delivered` };
    return { tone: waiting > 0 ? 'waiting' : 'working', text: `Waiting for ${whom}` };
  }
  if (running) {
    const detail = session.agent_status === 'using_tool' ? session.agent_detail : undefined;
    return { tone: 'working', text: detail ? `Working: ${detail}` : 'Working' };
  }
  if (session.agent_status === 'error') return { tone: 'failed', text: 'Failed' };
  if (session.agent_status === 'completed') return { tone: 'done', text: 'Finished' };
  return { tone: 'idle', text: 'Idle' };
}

export function namesOf(requests: FeedbackRequest[]): string {
  return [...new Set(requests.flatMap((request) => request.recipients.map(({ name }) => name)))].join(', ');
}

const ORIGINS: Record<string, string> = {
  chat: 'Web',
  web: 'Web',
  api: 'API',
  slack: 'Slack',
  email: 'Email',
};

export function origin(via: string): string {
  return ORIGINS[via] ?? via;
}

/** Whether the agent is at work, as far as a list knows. */
export function isBusy(session: Session): boolean {
  return Boolean(session.active_run_id) || ['thinking', 'using_tool'].includes(session.agent_status);
}

/** Turns a reader would count as new; days and lines about runs are none. */
export function countTurns(items: Item[]): number {
  return items.filter(({ kind }) => kind !== 'day' && kind !== 'line').length;
}

const DONE: Record<string, string> = {
  approve: 'Approved',
  edit: 'Approved with changes',
  reject: 'Rejected',
  decline: 'Declined',
  continue: 'Continued',
  revise: 'Sent back',
  skip: 'Skipped',
  stop: 'Stopped',
};

function needed(request: FeedbackRequest): string {
  const what =
    request.type === 'confirmation' ? 'Approval' : request.type === 'checkpoint' ? 'Review' : 'Answer';
  const due = request.due_at ? remaining(request.due_at) : '';
  return `${what} needed: ${request.action?.tool ?? request.title}${due && `, due ${due}`}`;
}

function settled({ status, response, title }: FeedbackRequest): string {
  if (!response || status !== 'answered') {
    return `${status === 'expired' ? 'Timed out' : 'Withdrawn'}: ${title}`;
  }
  return `${DONE[response.action] ?? 'Answered'} by ${response.by.name} ${where(response.via)}`;
}

/** What the announcer says about new frames: one sentence, about the latest that matters. A long replay is history, of
    which only what waits for an answer is news. */
export function announcement(frames: DurableFrame[]): string | undefined {
  const replay = frames.length > 3;
  for (const frame of frames.toReversed()) {
    if ('request' in frame && frame.type !== 'feedback_resolved') return needed(frame.request);
    const text = news(frame);
    if (text) return replay ? undefined : text;
  }
  return undefined;
}

function news(frame: DurableFrame): string | undefined {
  if (frame.type === 'task_started') return 'The agent is replying';
  if (frame.type === 'task_completed') return 'Reply finished';
  if (frame.type === 'task_failed') return 'The run failed';
  if (frame.type === 'task_cancelled') return 'The run was stopped';
  if (frame.type === 'feedback_resolved') return settled(frame.request);
  return undefined;
}
