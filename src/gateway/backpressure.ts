import { type EngineSocket, webSocketOf } from './beeline-socket';

/** Reading from a socket is stopped at this many times the limit, and the connection ended at the second number. */
const PAUSE_AT = 1.5;
const END_AT = 2;

/**
 * What waits for one connection. Feeds stop pushing at the limit (the hub sees to that), so past it a client's own
 * requests are what fills the buffer: past one and a half of it nothing more is read from that client until it
 * has taken everything, past twice it the connection is ended. Memory per client is bounded, whatever it does.
 */
export class Backpressure {
  /** Handed to the transport's queue, and not yet to the WebSocket. */
  private queuedBytes = 0;
  private paused = false;

  constructor(
    private readonly conn: EngineSocket,
    private readonly maxBufferedBytes: number,
    private readonly onDrained: () => void,
    private readonly onOverflow: () => void,
  ) {
    conn.on('packetCreate', (packet: { data?: string }) => this.queue(packet.data));
    conn.on('flush', () => {
      this.queuedBytes = 0;
    });
    conn.transport.on('drain', () => this.drain());
    // A WebSocket is closed once the client's answer to that has been read: unread, it would stay for half a minute.
    conn.once('close', () => this.resume());
  }

  get bufferedBytes(): number {
    return this.queuedBytes + webSocketOf(this.conn).bufferedAmount;
  }

  private queue(data: string | undefined): void {
    if (data === undefined) return;
    this.queuedBytes += Buffer.byteLength(data);
    if (this.bufferedBytes > END_AT * this.maxBufferedBytes) this.onOverflow();
    else if (this.bufferedBytes > PAUSE_AT * this.maxBufferedBytes) this.pause();
  }

  private drain(): void {
    if (this.queuedBytes > 0) return;
    this.resume();
    this.onDrained();
  }

  private pause(): void {
    if (this.paused) return;
    this.paused = true;
    webSocketOf(this.conn).pause();
  }

  private resume(): void {
    if (!this.paused) return;
    this.paused = false;
    webSocketOf(this.conn).resume();
  }
}
