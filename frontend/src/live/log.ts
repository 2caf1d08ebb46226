import type { DurableFrame } from './frames';

/** What this tab has of a session's gapless event log. */
export interface SessionLog {
  cursor: number;
  frames: DurableFrame[];
}

export const emptyLog: SessionLog = { cursor: 0, frames: [] };

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
  return { log: { cursor, frames: [...log.frames, ...added] }, added, hole };
}
