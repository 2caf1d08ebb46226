import type { AgentStatus, Channel, ChannelType, Delivery, FeedbackRequest, Message } from '@/api/types';

/** The socket's vocabulary, which OpenAPI does not describe. */
interface Durable {
  session_id: string;
  seq: number;
  ts: string;
}

export type DurableFrame = Durable &
  (
    | { type: 'message'; message: Message }
    | { type: 'task_started'; content: string; run_id: string }
    | { type: 'request_confirmation'; message: string; request: FeedbackRequest }
    | { type: 'request_user_input'; request: FeedbackRequest }
    | { type: 'feedback_requested'; request: FeedbackRequest }
    | { type: 'feedback_resolved'; request: FeedbackRequest }
    | { type: 'task_completed'; content: string; run_id: string }
    | { type: 'task_failed'; error: string; run_id: string }
    | { type: 'task_cancelled'; content: string; run_id: string; reason: 'cancelled' | 'stopped' }
  );

export interface PartialReply {
  run_id: string;
  attempt: number;
  content: string;
}

export interface InitialState {
  type: 'initial_state';
  session_id?: string;
  state_messages: DurableFrame[];
  last_seq: number;
  outcome: 'fresh' | 'replayed' | 'resync';
  partial?: PartialReply | null;
}

/** A page of the log over HTTP: frame for frame what the socket would have sent. */
export interface EventPage {
  items: DurableFrame[];
  last_seq: number;
}

export interface Generating {
  type: 'generating';
  session_id: string;
  data: { content: string; run_id: string; attempt: number; offset: number };
}

/** How far one copy of a request has come; `dead_letter` when that has changed. */
export interface FeedbackDelivery {
  type: 'feedback_delivery';
  session_id: string;
  request_id: string;
  channel: ChannelType;
  person_id: string;
  status: Delivery['status'];
  error?: string;
  dead_letter?: boolean;
}

/** A mail came about a request. */
export interface FeedbackMail {
  type: 'feedback_mail';
  session_id: string;
  request_id: string;
  outcome: string;
}

/** `degraded`: the queue is away, so that what is due is found a second or two later. Nothing is lost. */
type QueueStatus = 'ok' | 'degraded';

export type PassingFrame =
  | InitialState
  | Generating
  | { type: 'connection_ready'; queue?: QueueStatus }
  | { type: 'platform_status'; queue: QueueStatus }
  | { type: 'agent_status'; session_id: string; status: AgentStatus; detail?: string | null }
  | { type: 'heartbeat'; last_seq: number }
  | { type: 'error'; code: string; detail: string; client_id?: string }
  | FeedbackDelivery
  | FeedbackMail
  | { type: 'channel_status'; channel: ChannelType; status: Channel['status'] }
  | { type: 'channels_ordered' }
  | { type: 'session_changed'; session_id: string; change: 'opened' | 'renamed' | 'closed' | 'channel' }
  | { type: 'session_changed'; session_id: string; change: 'agent_status'; agent_status: AgentStatus };

export type Frame = DurableFrame | PassingFrame;

export type ClientFrame =
  | { type: 'connection_acknowledged' }
  | { type: 'message'; content: string; client_id: string }
  | { type: 'seen'; request_id: string };

export function isDurable(frame: Frame): frame is DurableFrame {
  return 'seq' in frame;
}

/** A frame from the wire. A server may add types; what is not an object with a `type` is no frame at all. */
export function parseFrame(data: unknown): Frame | undefined {
  if (typeof data !== 'string') return undefined;
  try {
    const value = JSON.parse(data) as { type?: unknown } | null;
    return typeof value?.type === 'string' ? (value as Frame) : undefined;
  } catch {
    return undefined;
  }
}
