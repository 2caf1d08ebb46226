import { createStore, type Store } from '@/lib/store';
import type { Generating, PartialReply } from './frames';
import { fromPartial, merge, type Streaming } from './streaming';

type Schedule = (flush: () => void) => void;

/** Streaming text of one session, shown at most once per animation frame however fast the pieces come. */
export class StreamingStore {
  readonly shown: Store<Streaming | undefined> = createStore<Streaming | undefined>(undefined);
  #latest: Streaming | undefined;
  #scheduled = false;
  readonly #schedule: Schedule;

  constructor(schedule: Schedule = (flush) => requestAnimationFrame(flush)) {
    this.#schedule = schedule;
  }

  /** False when a piece is missing before this one. */
  add(piece: Generating['data']): boolean {
    const { streaming, hole } = merge(this.#latest, piece);
    if (!hole) this.#put(streaming);
    return !hole;
  }

  restart(partial: PartialReply | null | undefined): void {
    this.#put(partial ? fromPartial(partial) : undefined);
  }

  /** The run's words are committed, or the run is over. */
  finish(runId: string | null | undefined): void {
    if (this.#latest && this.#latest.runId === runId) {
      this.#latest = undefined;
      this.shown.set(undefined);
    }
  }

  #put(streaming: Streaming | undefined): void {
    this.#latest = streaming;
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#schedule(() => {
      this.#scheduled = false;
      this.shown.set(this.#latest);
    });
  }
}
