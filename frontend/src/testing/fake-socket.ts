/** A WebSocket whose server side is the test. */
export class FakeSocket extends EventTarget {
  static opened: FakeSocket[] = [];
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static readonly CLOSING = 2;
  static readonly CLOSED = 3;
  readyState = FakeSocket.CONNECTING;
  binaryType = 'blob';
  readonly sent: string[] = [];
  readonly url: URL;

  constructor(url: string) {
    super();
    this.url = new URL(url);
    FakeSocket.opened.push(this);
  }

  accept(...frames: object[]): void {
    this.readyState = FakeSocket.OPEN;
    this.dispatchEvent(new Event('open'));
    for (const frame of frames) this.say(frame);
  }

  say(frame: object): void {
    this.dispatchEvent(new MessageEvent('message', { data: JSON.stringify(frame) }));
  }

  drop(code = 1006): void {
    this.readyState = FakeSocket.CLOSED;
    this.dispatchEvent(Object.assign(new Event('close'), { code, reason: '' }));
  }

  send(data: string): void {
    this.sent.push(data);
  }

  close(): void {
    this.readyState = FakeSocket.CLOSED;
  }
}
