import type { Generating, PartialReply } from './frames';

/** The text of a reply being written. `length` counts Unicode code points, as the server's offsets do. */
export interface Streaming {
  runId: string;
  attempt: number;
  text: string;
  length: number;
}

export type Merged = { streaming: Streaming; hole: boolean };

function points(text: string): number {
  let count = 0;
  for (let i = 0; i < text.length; i += (text.codePointAt(i) ?? 0) > 0xffff ? 2 : 1) count++;
  return count;
}

function dropPoints(text: string, count: number): string {
  let index = 0;
  for (let i = 0; i < count && index < text.length; i++) {
    index += (text.codePointAt(index) ?? 0) > 0xffff ? 2 : 1;
  }
  return text.slice(index);
}

export function fromPartial(partial: PartialReply): Streaming {
  return {
    runId: partial.run_id,
    attempt: partial.attempt,
    text: partial.content,
    length: points(partial.content),
  };
}

/**
 * Adds one piece. Repeats and late pieces of an earlier attempt change nothing; a higher attempt starts over; a piece
 * beyond the end is a hole and leaves the text as it is.
 */
export function merge(current: Streaming | undefined, piece: Generating['data']): Merged {
  const same = current?.runId === piece.run_id;
  if (current && same && piece.attempt < current.attempt) return { streaming: current, hole: false };
  const base: Streaming =
    current && same && piece.attempt === current.attempt
      ? current
      : { runId: piece.run_id, attempt: piece.attempt, text: '', length: 0 };
  if (piece.offset > base.length) return { streaming: base, hole: true };
  const fresh = dropPoints(piece.content, base.length - piece.offset);
  if (fresh === '') return { streaming: base, hole: false };
  return {
    streaming: { ...base, text: base.text + fresh, length: base.length + points(fresh) },
    hole: false,
  };
}
