import type { QueryClient } from '@tanstack/react-query';
import { api, unwrap } from '@/api/client';
import { keys } from '@/api/keys';
import { Problem } from '@/api/problem';
import { endSignIn, signIn } from '@/api/token';
import { OUTBOX_PREFIX } from '@/lib/drafts';
import { createStore, type Store } from '@/lib/store';
import {
  type Applied,
  applyEarlier,
  applyFrames,
  applyInitialState,
  applyPassing,
  patchSession,
} from './apply-event';
import { type DurableFrame, type Frame, isDurable } from './frames';
import { endsMidTurn, type SessionLog } from './session-log';
import { Outbox } from './outbox';
import { type Connection, SessionSocket } from './session-socket';
import { StreamingStore } from './streaming-store';

export async function wsTicket(): Promise<string> {
  return (await unwrap(api.POST('/api/auth/ws-ticket'))).ticket;
}

/** So many events of a session are shown at once; what came before is read page by page behind them. */
const WINDOW = 400;

/** One open session: its socket, the reply being written, and what we have said that is not stored yet. */
export class LiveSession {
  readonly connection: Store<Connection> = createStore<Connection>('connecting');
  /** False once plain requests fail like the socket does. */
  readonly reachable: Store<boolean> = createStore(true);
  /** True when the server knows of no run although the log ends in the middle of a turn: no reply will come. */
  readonly cutOff: Store<boolean> = createStore(false);
  readonly streaming = new StreamingStore();
  readonly outbox: Outbox;
  readonly #id: string;
  readonly #cache: QueryClient;
  readonly #onAdded: (frames: DurableFrame[]) => void;
  #socket: SessionSocket | undefined;
  #unfollow: (() => void) | undefined;
  #patchedHole: string | undefined;
  #readingEarlier = false;

  constructor(id: string, cache: QueryClient, onAdded: (frames: DurableFrame[]) => void) {
    this.#id = id;
    this.#cache = cache;
    this.#onAdded = onAdded;
    const key = OUTBOX_PREFIX + id;
    this.outbox = new Outbox({
      load: () => sessionStorage.getItem(key),
      save: (value) => (value === null ? sessionStorage.removeItem(key) : sessionStorage.setItem(key, value)),
      // A socket that lost its network still looks open for a while.
      send: (frame) => this.connection.get() !== 'offline' && (this.#socket?.send(frame) ?? false),
      post: (query, client_id) =>
        unwrap(api.POST('/api/chat/completion', { body: { query, session_id: id, client_id } })),
    });
  }

  start(): void {
    this.#socket = new SessionSocket({
      path: `/api/ws/session/${encodeURIComponent(this.#id)}`,
      ticket: wsTicket,
      cursor: () => this.#log()?.cursor ?? 0,
      window: WINDOW,
      onFrame: (frame) => this.#receive(frame),
      onConnection: (connection) => this.#connected(connection),
      onSignedOut: endSignIn,
    });
    this.#unfollow ??= signIn.subscribe(() => {
      if (signIn.get() === 'in' && this.connection.get() === 'signed-out') this.start();
    });
  }

  stop(): void {
    this.#unfollow?.();
    this.#unfollow = undefined;
    this.#socket?.close();
    this.#socket = undefined;
  }

  reconnect(): void {
    this.#socket?.reconnect();
  }

  #log(): SessionLog | undefined {
    return this.#cache.getQueryData<SessionLog>(keys.log(this.#id));
  }

  #connected(connection: Connection): void {
    this.connection.set(connection);
    if (connection === 'connected') {
      void this.#readEarlier();
      this.reachable.set(true);
      this.outbox.connected();
    }
    if (connection === 'reconnecting' || connection === 'offline') this.outbox.disconnected();
    if (connection === 'offline' && navigator.onLine) void this.#readOverHttp();
  }

  #receive(frame: Frame): 'ok' | 'behind' {
    if (isDurable(frame)) return this.#settle(applyFrames(this.#cache, this.#id, [frame]));
    if (frame.type === 'initial_state') {
      const applied = applyInitialState(this.#cache, this.#id, frame);
      this.streaming.restart(frame.partial);
      const verdict = this.#settle(applied);
      if (verdict === 'ok' && !frame.partial) void this.#lookForCutOff();
      return verdict;
    }
    if (frame.type === 'generating') return this.#addPiece(frame.data);
    if (frame.type === 'error' && frame.client_id) this.outbox.refused(frame.client_id, frame.detail);
    return applyPassing(this.#cache, this.#id, frame) ? 'behind' : 'ok';
  }

  /** A log alone cannot say whether its open end is still being worked on; the server can, for exactly this log. */
  async #lookForCutOff(): Promise<void> {
    const asked = this.#log();
    if (!asked || !endsMidTurn(asked.frames)) return;
    try {
      const session = await unwrap(
        api.GET('/api/sessions/{session_id}', { params: { path: { session_id: this.#id } } }),
      );
      const unchanged = session.last_seq === asked.cursor && this.#log() === asked;
      const cutOff = !session.active_run_id && unchanged;
      if (cutOff) patchSession(this.#cache, this.#id, { ...session, active_run_id: null });
      this.cutOff.set(cutOff);
    } catch {
      // Out of reach again; the next connection asks once more.
    }
  }

  /** A hole in streamed text is filled by connecting again, once per attempt: the committed reply settles it anyway. */
  #addPiece(piece: Parameters<StreamingStore['add']>[0]): 'ok' | 'behind' {
    if (this.streaming.add(piece)) return 'ok';
    const attempt = `${piece.run_id} ${piece.attempt}`;
    if (this.#patchedHole === attempt) return 'ok';
    this.#patchedHole = attempt;
    return 'behind';
  }

  #settle({ added, behind }: Applied): 'ok' | 'behind' {
    for (const frame of added) {
      if (frame.type === 'message') {
        this.outbox.acknowledge(frame.message);
        if (frame.message.type === 'agent') this.streaming.finish(frame.message.run_id);
      } else if (
        frame.type === 'task_completed' ||
        frame.type === 'task_failed' ||
        frame.type === 'task_cancelled'
      ) {
        this.streaming.finish(frame.run_id);
      }
    }
    if (added.length > 0) {
      this.cutOff.set(false);
      this.#onAdded(added);
    }
    return behind ? 'behind' : 'ok';
  }

  /** What came before the window, from its end backwards. Where that fails, the next connection goes on with it. */
  async #readEarlier(): Promise<void> {
    if (this.#readingEarlier) return;
    this.#readingEarlier = true;
    try {
      for (let before = this.#log()?.first ?? 1; before > 1; before = this.#log()?.first ?? 1) {
        const page = await unwrap(
          api.GET('/api/sessions/{session_id}/events', {
            params: { path: { session_id: this.#id }, query: { before } },
          }),
        );
        if (!this.#socket || page.items.length === 0) break;
        applyEarlier(this.#cache, this.#id, page.items);
        if (this.#log()?.first === before) break;
      }
    } catch {
      // Out of reach: the connection banner says so.
    } finally {
      this.#readingEarlier = false;
    }
  }

  /** Where sockets do not get through, each failed try reads what is new, so the page stays current and readable. */
  async #readOverHttp(): Promise<void> {
    try {
      for (let more = true; more;) {
        const after = this.#log()?.cursor ?? 0;
        const page = await unwrap(
          api.GET('/api/sessions/{session_id}/events', {
            params: { path: { session_id: this.#id }, query: { after } },
          }),
        );
        this.#settle(applyFrames(this.#cache, this.#id, page.items));
        this.reachable.set(true);
        more = page.items.length > 0 && (this.#log()?.cursor ?? 0) < page.last_seq;
      }
    } catch (error) {
      // The connection banner says so. What the server refused, it could at least be asked.
      this.reachable.set(error instanceof Problem && error.status < 500);
    }
  }
}
