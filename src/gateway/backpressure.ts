import { type EngineSocket, webSocketOf } from './beeline-socket';
import type { Reading } from './reading';

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

  constructor(
    private readonly conn: EngineSocket,
    private readonly reading: Reading,
    private readonly maxBufferedBytes: number,
    private readonly onDrained: () => void,
    private readonly onOverflow: () => void,
  ) {
    conn.on('packetCreate', (packet: { data?: string }) => this.queue(packet.data));
    conn.on('flush', () => {
      this.queuedBytes = 0;
    });
    conn.transport.on('drain', () => this.drain());
  }

  get bufferedBytes(): number {
    return this.queuedBytes + webSocketOf(this.conn).bufferedAmount;
  }

  private queue(data: string | undefined): void {
    if (data === undefined) return;
    this.queuedBytes += Buffer.byteLength(data);
    if (this.bufferedBytes > END_AT * this.maxBufferedBytes) this.onOverflow();
    else if (this.bufferedBytes > PAUSE_AT * this.maxBufferedBytes) this.reading.stop('unread');
  }

  private drain(): void {
    if (this.queuedBytes > 0) return;
    this.reading.goOn('unread');
    this.onDrained();
  }
}
