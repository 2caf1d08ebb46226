import { createStore, type Store } from './store';

export interface Said {
  text: string;
  /** Told apart even when the same words come twice. */
  turn: number;
}

export type Urgency = 'polite' | 'alert';

/** What screen readers are told, one region for each urgency. */
export const announcements: Record<Urgency, Store<Said>> = {
  polite: createStore<Said>({ text: '', turn: 0 }),
  alert: createStore<Said>({ text: '', turn: 0 }),
};

/** Tells screen readers what changed, without moving focus. `alert` interrupts. */
export function announce(text: string, urgency: Urgency = 'polite'): void {
  const store = announcements[urgency];
  store.set({ text, turn: store.get().turn + 1 });
}
