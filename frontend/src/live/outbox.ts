import { newId } from '@/lib/ids';
import { createStore, type Store } from '@/lib/store';
import { explain, Problem } from '@/api/problem';
import type { Message } from '@/api/types';
import type { ClientFrame } from './frames';

/** A message on its way: `waiting` for a connection, `sending`, `sent` (stored, its frame not here yet) or `failed`. */
export interface Outgoing {
  clientId: string;
  content: string;
  at: string;
  state: 'waiting' | 'sending' | 'sent' | 'failed';
  error?: string;
}

export interface OutboxOptions {
  load: () => string | null;
  save: (value: string | null) => void;
  /** False when there is no open connection. */
  send: (frame: ClientFrame) => boolean;
  post: (content: string, clientId: string) => Promise<unknown>;
}

/**
 * Messages that the server has not echoed. Each keeps one `client_id` through every try, so a message can be sent
 * again over any route without being said twice.
 */
export class Outbox {
  readonly items: Store<Outgoing[]>;
  readonly #options: OutboxOptions;

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.items = createStore(restore(options.load()));
  }

  submit(content: string): void {
    const item: Outgoing = { clientId: newId(), content, at: new Date().toISOString(), state: 'waiting' };
    this.#write([...this.items.get(), item]);
    this.#dispatch(item);
  }

  retry(clientId: string): void {
    const item = this.items.get().find((one) => one.clientId === clientId);
    if (item) this.#dispatch(item);
  }

  discard(clientId: string): void {
    this.#write(this.items.get().filter((item) => item.clientId !== clientId));
  }

  /** The durable frame that echoes a message settles it. */
  acknowledge(message: Message): void {
    if (message.client_id) this.discard(message.client_id);
  }

  /** A connection is up and has replayed what was stored: say again whatever was not. */
  connected(): void {
    for (const item of this.items.get()) {
      if (item.state === 'waiting' || item.state === 'sending') this.#dispatch(item);
    }
  }

  /** A connection broke: what was in flight goes by HTTP. */
  disconnected(): void {
    for (const item of this.items.get()) if (item.state === 'sending') this.#dispatch(item);
  }

  /** The server refused the frame that carried it. */
  refused(clientId: string, detail: string): void {
    this.#update(clientId, { state: 'failed', error: detail });
  }

  #dispatch(item: Outgoing): void {
    this.#update(item.clientId, { state: 'sending', error: undefined });
    if (this.#options.send({ type: 'message', content: item.content, client_id: item.clientId })) return;
    void this.#post(item);
  }

  async #post(item: Outgoing): Promise<void> {
    try {
      await this.#options.post(item.content, item.clientId);
      this.#update(item.clientId, { state: 'sent' });
    } catch (error) {
      const refused = error instanceof Problem && error.status !== 401;
      this.#update(
        item.clientId,
        refused ? { state: 'failed', error: explain(error) } : { state: 'waiting' },
      );
    }
  }

  #update(clientId: string, change: Partial<Outgoing>): void {
    this.#write(this.items.get().map((item) => (item.clientId === clientId ? { ...item, ...change } : item)));
  }

  #write(items: Outgoing[]): void {
    this.items.set(items);
    this.#options.save(items.length ? JSON.stringify(items) : null);
  }
}

function restore(saved: string | null): Outgoing[] {
  try {
    const items = JSON.parse(saved ?? '[]') as Outgoing[];
    return items.map((item) => (item.state === 'failed' ? item : { ...item, state: 'waiting' }));
  } catch {
    return [];
  }
}
