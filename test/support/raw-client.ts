import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { WebSocket } from 'ws';
import { type Addressed, tokenFor } from './beeline-node';
import { waitUntil } from './wait-until';

/**
 * A Socket.IO client of a few lines over WebSocket frames of our own making, for what no client library would send.
 * Text frames: `0` open, `2` and `3` ping and pong, `40` connect, `42<id>[event, payload]`, `43<id>[answer]`, `44` refused.
 */
export class RawClient {
  /** Every text frame that came and was not a ping, unless somebody else takes them. */
  readonly frames: string[] = [];
  onFrame: (frame: string) => void = (frame) => this.frames.push(frame);
  /** The WebSocket's close code, once it has closed. */
  closeCode: number | undefined;

  private constructor(private readonly socket: WebSocket) {
    // A connection that is cut in mid-write is an error to `ws`, and what many tests here are about.
    socket.on('error', () => undefined);
    socket.on('close', (code) => {
      this.closeCode = code;
    });
    socket.on('message', (data: Buffer) => {
      const frame = data.toString();
      if (frame === '2') this.send('3');
      else this.onFrame(frame);
    });
  }

  /** A WebSocket on Engine.IO's path, and nothing more: not yet in Socket.IO's namespace. */
  static async open(node: Addressed, query = ''): Promise<RawClient> {
    const url = `${node.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket${query}`;
    const socket = new WebSocket(url, { perMessageDeflate: false });
    const client = new RawClient(socket);
    socket.on('unexpected-response', (_request, response) => {
      void text(response).then((body) => socket.emit('error', new Error(`${response.statusCode}: ${body}`)));
    });
    await once(socket, 'open');
    return client;
  }

  /** Opens, connects as that user and waits for the `session`. */
  static async connect(node: Addressed, user: string, auth: object = {}): Promise<RawClient> {
    const client = await RawClient.open(node);
    await client.join({ token: tokenFor(user), ...auth });
    return client;
  }

  async join(auth: unknown): Promise<void> {
    this.send(`40${JSON.stringify(auth)}`);
    await waitUntil('the session has come', () => {
      const refusal = this.frames.find((frame) => frame.startsWith('44'));
      if (refusal !== undefined) throw new Error(refusal);
      return this.frames.some((frame) => frame.startsWith('42["session"'));
    });
  }

  get isOpen(): boolean {
    return this.socket.readyState === WebSocket.OPEN;
  }

  send(frame: string | Buffer): void {
    if (this.isOpen) this.socket.send(frame);
  }

  /** A piece of a message; a message of many pieces is one for the receiver. */
  sendFragment(piece: string, isLast: boolean): void {
    if (this.isOpen) this.socket.send(piece, { fin: isLast });
  }

  /** A ping of the WebSocket protocol, which the other side's library answers by itself. */
  ping(payload: string): void {
    if (this.isOpen) this.socket.ping(payload);
  }

  /** Bytes on the wire, past the WebSocket protocol. */
  writeBytes(bytes: Buffer): void {
    const { _socket } = this.socket as unknown as { _socket: { write(bytes: Buffer): void } };
    _socket.write(bytes);
  }

  async closed(): Promise<number> {
    await waitUntil('the connection has been cut', () => this.closeCode !== undefined);
    return this.closeCode ?? 0;
  }

  terminate(): void {
    this.socket.terminate();
  }
}
