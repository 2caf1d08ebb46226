import type { DurableFrame } from './frames';

/** What this tab has of a session's gapless event log. */
export interface SessionLog {
  cursor: number;
  frames: DurableFrame[];
}

export const emptyLog: SessionLog = { cursor: 0, frames: [] };

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
