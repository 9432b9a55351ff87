import type { EndReason, Notice, Outlet } from '../hub';
import type { Channel, MessageJson, Offset } from '../shared';
import { Backpressure } from './backpressure';
import type { BeelineSocket } from './beeline-socket';
import { Reading } from './reading';
import { Requests } from './requests';

/** What each reason is to the client; `resync` has no word in the contract, it just comes back. */
const ENDS: Record<EndReason, { announced: boolean; reconnect: boolean }> = {
  replaced: { announced: true, reconnect: false },
  revoked: { announced: true, reconnect: false },
  token_expired: { announced: true, reconnect: false },
  /** For abuse: whoever only does not read is evicted by `evict`, and may come back. */
  evicted: { announced: true, reconnect: false },
  draining: { announced: true, reconnect: true },
  resync: { announced: false, reconnect: true },
};

/** A connection's way out: one Socket.IO socket. */
export class SocketOutlet implements Outlet {
  readonly requests: Requests;
  readonly reading: Reading;
  private readonly backpressure: Backpressure;
  /** Why we ended it, where we did. */
  endedFor: EndReason | undefined;
  private endedBeforeOpen: EndReason | undefined;
  private evicted = false;

  constructor(
    private readonly socket: BeelineSocket,
    maxBufferedBytes: number,
    onDrained: () => void,
    /** Called once, where the client does not read and is ended for it. */
    private readonly onEvicted: () => void,
  ) {
    this.reading = new Reading(socket.conn);
    this.requests = new Requests(socket.conn, this.reading);
    this.backpressure = new Backpressure(socket.conn, this.reading, maxBufferedBytes, onDrained, () =>
      this.evict(),
    );
  }

  /**
   * Writes the event's packet around the message's JSON as it is, without parsing and printing it again. `2` is
   * Socket.IO's packet type EVENT: https://socket.io/docs/v4/socket-io-protocol/#packet-encoding
   */
  pushMessage(json: MessageJson): void {
    this.socket.conn.write(`2["message",${json}]`, { compress: false });
  }

  sendTruncated(channel: Channel, since: Offset, oldest: Offset | null): void {
    this.socket.emit('inbox:truncated', { channel, since, oldest });
  }

  sendSynced(channel: Channel, offset: Offset, count: number): void {
    this.socket.emit('inbox:synced', { channel, offset, count });
  }

  notify({ event, payload }: Notice): void {
    // The types of events and notices are the same pairs, which TypeScript can not tell for a union of them.
    (this.socket.emit as (name: string, payload: object) => void).call(this.socket, event, payload);
  }

  /**
   * Closing the transport lets stock clients come back by themselves; disconnecting the socket makes them stay
   * away. What was emitted before either still arrives.
   */
  end(reason: EndReason, retryAfterMs?: number): void {
    if (!this.socket.connected) {
      this.endedBeforeOpen = reason;
      return;
    }
    this.endedFor = reason;
    this.announce(reason, retryAfterMs);
    if (ENDS[reason].reconnect) this.socket.conn.close();
    else this.socket.disconnect(true);
  }

  /** What is under way is answered first: it would be silence otherwise, and a repeat elsewhere. */
  async leave(retryAfterMs: number, withinMs: number): Promise<void> {
    if (!this.socket.connected) return this.end('draining', retryAfterMs);
    this.endedFor = 'draining';
    this.announce('draining', retryAfterMs);
    await this.requests.finish(withinMs);
    this.socket.conn.close();
  }

  private announce(reason: EndReason, retryAfterMs?: number): void {
    const { announced, reconnect } = ENDS[reason];
    if (!announced) return;
    const hint = retryAfterMs === undefined ? {} : { retryAfterMs };
    this.socket.emit('session:end', { reason, reconnect, ...hint });
  }

  /** A client that does not read can't be told: what waits for it is thrown away, and kept for it in the inbox. */
  private evict(): void {
    if (this.evicted) return;
    this.evicted = true;
    this.endedFor = 'evicted';
    this.onEvicted();
    this.socket.emit('session:end', { reason: 'evicted', reconnect: true });
    this.socket.conn.close(true);
  }

  /** The socket has been opened. Returns false where the connection was ended while it was on its way here. */
  opened(): boolean {
    if (this.endedBeforeOpen === undefined) return true;
    this.end(this.endedBeforeOpen);
    return false;
  }

  bufferedBytes(): number {
    return this.backpressure.bufferedBytes;
  }
}
