import ReconnectingWebSocket, { type CloseEvent } from 'partysocket/ws';
import { REQUEST_TIMEOUT_MS } from '@/api/request-timeout';
import { isStatus } from '@/api/problem';
import { type ClientFrame, type Frame, parseFrame } from './frames';

export type Connection =
  | 'connecting'
  | 'connected'
  | 'reconnecting'
  | 'replaying'
  | 'resync'
  | 'offline'
  | 'signed-out';

export interface SocketOptions {
  /** `/api/ws/session/<id>` or `/api/ws/me`. */
  path: string;
  /** Single use and short-lived, so asked for anew at every try. Rejects with a 401 `Problem` when nobody is signed in. */
  ticket: () => Promise<string>;
  /** The last number this tab has; undefined where the stream has none. */
  cursor?: () => number;
  /** Of a log that is new to this tab, only so many of the latest. */
  window?: number;
  /** `behind`: something is missing, connect again from the cursor. */
  onFrame: (frame: Frame) => 'ok' | 'behind';
  onConnection: (connection: Connection) => void;
  onSignedOut: () => void;
  WebSocket?: unknown;
  /** From 0 to 1. */
  random?: () => number;
}

const SIGN_IN_ENDED = 4401;
const TRIES_UNTIL_OFFLINE = 3;
// Heartbeats come at most 30 s apart.
const SILENCE = 75_000;
const RESYNC_NOTICE = 4_000;

const FIRST_WAIT = 1_000;
const LONGEST_WAIT = 10_000;

/** How long before the nth try: anything up to twice as much each time, so that a server's return is not a stampede. */
export function waitBefore(tries: number, random: () => number): number {
  return random() * Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (tries - 1));
}

/** One connection to the server that heals itself, never skips a number, and says how it is doing. */
export class SessionSocket {
  readonly #options: SocketOptions;
  readonly #socket: ReconnectingWebSocket;
  #tries = 0;
  #wasConnected = false;
  #closedByUs = false;
  /** The next try is somebody's wish: it does not wait. */
  #atOnce = true;
  #stopWaiting: (() => void) | undefined;
  #silence: ReturnType<typeof setTimeout> | undefined;
  #notice: ReturnType<typeof setTimeout> | undefined;

  constructor(options: SocketOptions) {
    this.#options = options;
    this.#socket = new ReconnectingWebSocket(() => this.#url(), undefined, {
      WebSocket: options.WebSocket,
      maxEnqueuedMessages: 0,
      connectionTimeout: REQUEST_TIMEOUT_MS,
      // Its own waits are the same for everybody: ours come before the ticket.
      minReconnectionDelay: 0,
      maxReconnectionDelay: 0,
      shouldReconnectOnClose: (event: CloseEvent) => event.code !== SIGN_IN_ENDED,
    });
    this.#socket.addEventListener('message', (event) => this.#receive(event.data));
    this.#socket.addEventListener('open', () => {
      if (this.#wasConnected) options.onConnection('replaying');
    });
    this.#socket.addEventListener('close', (event) => this.#closed(event.code));
    this.#socket.addEventListener('error', () => this.#failed());
    window.addEventListener('online', this.reconnect);
    window.addEventListener('offline', this.#wentOffline);
    options.onConnection('connecting');
  }

  /** True when the frame left over an open connection. */
  send(frame: ClientFrame): boolean {
    return this.#socket.readyState === WebSocket.OPEN && this.#socket.send(JSON.stringify(frame));
  }

  reconnect = (): void => {
    this.#atOnce = true;
    this.#stopWaiting?.();
    this.#socket.reconnect();
  };

  close(): void {
    clearTimeout(this.#silence);
    clearTimeout(this.#notice);
    window.removeEventListener('online', this.reconnect);
    window.removeEventListener('offline', this.#wentOffline);
    this.#closedByUs = true;
    this.#stopWaiting?.();
    this.#socket.close();
  }

  async #wait(): Promise<void> {
    const atOnce = this.#atOnce;
    this.#atOnce = false;
    if (atOnce) return;
    const milliseconds = waitBefore(this.#tries, this.#options.random ?? Math.random);
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#stopWaiting = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#stopWaiting = undefined;
    this.#atOnce = false;
  }

  #wentOffline = (): void => {
    this.#options.onConnection('offline');
  };

  async #url(): Promise<string> {
    this.#tries += 1;
    await this.#wait();
    if (this.#closedByUs) throw new Error('closed');
    try {
      const url = new URL(this.#options.path, window.location.href);
      url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
      url.searchParams.set('ticket', await this.#options.ticket());
      const after = this.#options.cursor?.() ?? 0;
      if (after > 0) url.searchParams.set('after', String(after));
      if (this.#options.window) url.searchParams.set('window', String(this.#options.window));
      return url.href;
    } catch (error) {
      if (isStatus(error, 401)) this.#signedOut();
      throw error;
    }
  }

  #receive(data: unknown): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#socket.reconnect(), SILENCE);
    const frame = parseFrame(data);
    if (!frame) return;
    if (this.#options.onFrame(frame) === 'behind') {
      this.reconnect();
      return;
    }
    if (frame.type === 'connection_ready') {
      this.send({ type: 'connection_acknowledged' });
      this.#connected();
    } else if (frame.type === 'initial_state' && frame.outcome === 'resync') {
      this.#options.onConnection('resync');
      this.#notice = setTimeout(() => this.#endNotice(), RESYNC_NOTICE);
    }
  }

  #connected(): void {
    this.#tries = 0;
    this.#wasConnected = true;
    if (this.#notice === undefined) this.#options.onConnection('connected');
  }

  #endNotice(): void {
    this.#notice = undefined;
    this.#options.onConnection('connected');
  }

  #closed(code: number): void {
    if (this.#closedByUs) return;
    clearTimeout(this.#silence);
    if (code === SIGN_IN_ENDED) this.#signedOut();
    else this.#failed();
  }

  #failed(): void {
    if (this.#closedByUs) return;
    clearTimeout(this.#notice);
    this.#notice = undefined;
    const gaveUp = !navigator.onLine || this.#tries >= TRIES_UNTIL_OFFLINE;
    this.#options.onConnection(gaveUp ? 'offline' : this.#wasConnected ? 'reconnecting' : 'connecting');
  }

  #signedOut(): void {
    this.close();
    this.#options.onConnection('signed-out');
    this.#options.onSignedOut();
  }
}
