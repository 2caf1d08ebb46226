import type { components } from '@/api/schema';
import { parseJson } from '@/lib/exact-json';

/** The socket's vocabulary is generated from `backend/domain/events.py`. */
type Schemas = components['schemas'];

export type DurableFrame = Schemas['DurableFrame'];
export type PassingFrame = Schemas['PassingFrame'];
export type Frame = Schemas['Frame'];
export type InitialState = Schemas['InitialState'];
export type PartialReply = Schemas['PartialReply'];
export type Generating = Schemas['Generating'];
export type FeedbackDelivery = Schemas['FeedbackDelivery'];
export type ClientFrame = Schemas['ClientFrame'];

export function isDurable(frame: Frame): frame is DurableFrame {
  return 'seq' in frame;
}

/** A frame from the wire. A server may add types; what is not an object with a `type` is no frame at all. */
export function parseFrame(data: unknown): Frame | undefined {
  if (typeof data !== 'string') return undefined;
  try {
    const value = parseJson(data) as { type?: unknown } | null;
    return typeof value?.type === 'string' ? (value as Frame) : undefined;
  } catch {
    return undefined;
  }
}
