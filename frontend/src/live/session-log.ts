import type { DurableFrame } from './frames';

/** What this tab has of a session's gapless event log: all from number `first` to number `cursor`. */
export interface SessionLog {
  first: number;
  cursor: number;
  frames: DurableFrame[];
}

export const emptyLog: SessionLog = logFrom(1);

/** A log to be filled from a number on; what came before may be put above it later. */
export function logFrom(first: number): SessionLog {
  return { first, cursor: first - 1, frames: [] };
}

const ENDS = new Set(['task_completed', 'task_failed', 'task_cancelled']);

function opensTurn(frame: DurableFrame): boolean {
  if (frame.type === 'message') return frame.message.type === 'user' && Boolean(frame.message.run_id);
  return frame.type === 'task_started';
}

/** Whether the agent owes an end to what was last asked of it. */
export function endsMidTurn(frames: DurableFrame[]): boolean {
  const last = frames.findLast((frame) => ENDS.has(frame.type) || opensTurn(frame));
  return last !== undefined && opensTurn(last);
}

export interface Appended {
  log: SessionLog;
  added: DurableFrame[];
  /** A frame is missing before the next one: ask again from `log.cursor`. */
  hole: boolean;
}

/** Adds frames in order; repeats are dropped and nothing is taken beyond a hole. */
export function append(log: SessionLog, frames: DurableFrame[]): Appended {
  const added: DurableFrame[] = [];
  let cursor = log.cursor;
  let hole = false;
  for (const frame of frames) {
    if (frame.seq <= cursor) continue;
    if (frame.seq > cursor + 1) {
      hole = true;
      break;
    }
    cursor = frame.seq;
    added.push(frame);
  }
  if (added.length === 0) return { log, added, hole };
  return { log: { first: log.first, cursor, frames: [...log.frames, ...added] }, added, hole };
}

/** Puts earlier frames above; only those that end where the log begins. */
export function prepend(log: SessionLog, frames: DurableFrame[]): SessionLog {
  const first = frames[0]?.seq;
  if (first === undefined || frames.at(-1)?.seq !== log.first - 1) return log;
  return { ...log, first, frames: [...frames, ...log.frames] };
}
