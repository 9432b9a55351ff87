import type { Socket } from 'socket.io';
import type { EndReason, Outlet } from '../hub';
import type { Channel, MessageJson, Offset } from '../shared';
import type { ClientToServerEvents, ServerToClientEvents } from './events';

export type BeelineSocket = Socket<ClientToServerEvents, ServerToClientEvents>;

/** What each reason is to the client; `resync` has no word in the contract, it just comes back. */
const ENDS: Record<EndReason, { announced: boolean; reconnect: boolean }> = {
  replaced: { announced: true, reconnect: false },
  draining: { announced: true, reconnect: true },
  evicted: { announced: true, reconnect: true },
  resync: { announced: false, reconnect: true },
};

/** A connection's way out: one Socket.IO socket. */
export class SocketOutlet implements Outlet {
  /** Bytes of messages handed to the transport's queue, and those of them that it has handed to the network. */
  private queuedBytes = 0;
  private inFlightBytes = 0;
  private endedBeforeOpen: EndReason | undefined;

  constructor(
    private readonly socket: BeelineSocket,
    private readonly onDrained: () => void,
  ) {
    const { conn } = socket;
    conn.on('flush', () => {
      this.inFlightBytes += this.queuedBytes;
      this.queuedBytes = 0;
    });
    conn.transport.on('drain', () => {
      const wasFull = this.inFlightBytes > 0;
      this.inFlightBytes = 0;
      if (wasFull && this.queuedBytes === 0) this.onDrained();
    });
  }

  /**
   * Writes the event's packet around the message's JSON as it is, without parsing and printing it again. `2` is
   * Socket.IO's packet type EVENT: https://socket.io/docs/v4/socket-io-protocol/#packet-encoding
   */
  pushMessage(json: MessageJson): void {
    const packet = `2["message",${json}]`;
    this.queuedBytes += packet.length;
    this.socket.conn.write(packet, { compress: false });
  }

  sendTruncated(channel: Channel, since: Offset, oldest: Offset | null): void {
    this.socket.emit('inbox:truncated', { channel, since, oldest });
  }

  sendSynced(channel: Channel, offset: Offset, count: number): void {
    this.socket.emit('inbox:synced', { channel, offset, count });
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
    const { announced, reconnect } = ENDS[reason];
    if (announced) {
      this.socket.emit('session:end', {
        reason,
        reconnect,
        ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      });
    }
    if (reconnect) this.socket.conn.close();
    else this.socket.disconnect(true);
  }

  /** The socket has been opened. Returns false where the connection was ended while it was on its way here. */
  opened(): boolean {
    if (this.endedBeforeOpen === undefined) return true;
    this.end(this.endedBeforeOpen);
    return false;
  }

  bufferedBytes(): number {
    return this.queuedBytes + this.inFlightBytes;
  }
}
