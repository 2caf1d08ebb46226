import { storage } from './storage';

const PREFIX = 'assent.draft.';
const KEPT = 100;

interface Draft {
  at: number;
  value: unknown;
}

export function readDraft<T>(key: string): T | undefined {
  try {
    return (JSON.parse(storage.get(PREFIX + key) ?? 'null') as { value: T } | null)?.value;
  } catch {
    return undefined;
  }
}

/** Keeps what somebody typed but did not send; `undefined` forgets it. The oldest beyond a hundred are let go. */
export function writeDraft(key: string, value: unknown, now = Date.now()): void {
  storage.set(PREFIX + key, value === undefined ? null : JSON.stringify({ at: now, value } satisfies Draft));
  if (value !== undefined) prune();
}

function prune(): void {
  const drafts = Object.keys(localStorage).filter((key) => key.startsWith(PREFIX));
  if (drafts.length <= KEPT) return;
  const age = (key: string): number => {
    try {
      return (JSON.parse(storage.get(key) ?? '{}') as Partial<Draft>).at ?? 0;
    } catch {
      return 0;
    }
  };
  const oldest = drafts.map((key) => [age(key), key] as const).toSorted(([a], [b]) => a - b);
  for (const [, key] of oldest.slice(0, drafts.length - KEPT)) storage.set(key, null);
}

/** Where a session's messages wait until the server has stored them, in this tab only. */
export const OUTBOX_PREFIX = 'assent.outbox.';

/** What was typed belongs to the person who typed it: signing out forgets it. */
export function forgetDrafts(): void {
  for (const key of Object.keys(localStorage)) if (key.startsWith(PREFIX)) storage.set(key, null);
  for (const key of Object.keys(sessionStorage)) {
    if (key.startsWith(OUTBOX_PREFIX)) sessionStorage.removeItem(key);
  }
}
