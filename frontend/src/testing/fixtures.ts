import type { Channel, FeedbackRequest, RequestMail, Message, Session } from '@/api/types';
import type { DurableFrame } from '@/live/frames';

const AT = '2026-11-20T14:03:00Z';

export const dana = { id: 'p1', name: 'Dana' };

export function aSession(change: Partial<Session> = {}): Session {
  return {
    id: 's1',
    title: 'Pay Bob',
    status: 'active',
    agent_status: 'idle',
    waiting: 0,
    undelivered: 0,
    last_seq: 0,
    created_at: AT,
    updated_at: AT,
    ...change,
  };
}

/** The web chat, unless something else is said. */
export function aChannel(change: Partial<Channel> = {}): Channel {
  return {
    type: 'chat',
    status: 'connected',
    set_up: true,
    sign_in: false,
    linked: true,
    account: null,
    enabled: true,
    wait_seconds: 900,
    ...change,
  };
}

export function aRequest(change: Partial<FeedbackRequest> = {}): FeedbackRequest {
  return {
    id: 'r1',
    session_id: 's1',
    run_id: 'run1',
    type: 'confirmation',
    title: 'Pay 500 to Bob?',
    prompt: 'Bob sent an invoice.',
    requested_by: 'Demo agent',
    requester: { kind: 'agent', id: null, name: 'Demo agent' },
    to: [dana.id],
    recipients: [dana],
    rule: { approvals: 1, distinct_from_requester: false },
    action: { tool: 'make_payment', args: { amount: 500, to: 'Bob' }, risk: 'medium', digest: 'd1' },
    allowed_actions: ['approve', 'reject', 'edit'],
    on_timeout: 'reject',
    dead_letter: false,
    route: [],
    deliveries: [],
    status: 'pending',
    version: 1,
    created_at: AT,
    due_at: null,
    response: null,
    closed: null,
    ...change,
  };
}

export function answered(
  request: FeedbackRequest,
  action: string,
  change: Partial<FeedbackRequest> = {},
): FeedbackRequest {
  return {
    ...request,
    status: 'answered',
    version: request.version + 1,
    response: { action, by: dana, via: 'chat', at: AT },
    ...change,
  };
}

/** A mail that approved. */
export function aMail(change: Partial<RequestMail> = {}): RequestMail {
  return {
    id: 'l1',
    mailbox: 'agent@example.org',
    sender: 'dana@example.org',
    verified: true,
    outcome: 'answer',
    text: 'APPROVE',
    whole: 'APPROVE\n\nOn Fri, 20 Nov 2026 at 13:55, Assent wrote:\n> Demo agent asks: Pay 500 to Bob?',
    sent_at: '2026-11-20T14:01:00Z',
    received_at: '2026-11-20T14:02:30Z',
    ...change,
  };
}

export function aMessage(change: Partial<Message> = {}): Message {
  return {
    id: 'm1',
    session_id: 's1',
    type: 'user',
    status: 'sent',
    content: 'pay 500 to Bob',
    via: 'chat',
    author: dana,
    created_at: AT,
    ...change,
  };
}

type WithoutEnvelope<T> = T extends unknown ? Omit<T, 'seq' | 'ts' | 'session_id'> : never;

export function frame(seq: number, content: WithoutEnvelope<DurableFrame>): DurableFrame {
  return { ...content, seq, ts: AT, session_id: 's1' } as DurableFrame;
}
