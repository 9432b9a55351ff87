import type { BeelineSocket } from './beeline-socket';

type EngineSocket = BeelineSocket['conn'];

/**
 * Binary packets that are begun and not finished: Socket.IO's parser keeps the attachments that have come, ten of a
 * megabyte each at most, for as long as the connection lasts. Nothing of ours needs any. So they may hold a frame's
 * worth together, and a packet that is unfinished at one ping must be finished at the next, or the connection ends.
 *
 * `5<n>-` and `6<n>-` begin a packet of n attachments:
 * https://socket.io/docs/v4/socket-io-protocol/#packet-encoding
 */
export function endOnUnfinishedPacket(conn: EngineSocket, maxBytes: number): void {
  let missing = 0;
  let heldBytes = 0;
  let wasSeenUnfinished = false;
  conn.on('message', (data: unknown) => {
    if (typeof data === 'string') {
      missing = attachmentsOf(data);
      heldBytes = 0;
      wasSeenUnfinished = false;
    } else if (Buffer.isBuffer(data)) {
      missing -= 1;
      heldBytes += data.length;
      if (missing > 0 && heldBytes > maxBytes) conn.close(true);
    }
  });
  conn.on('heartbeat', () => {
    if (missing <= 0) return;
    if (wasSeenUnfinished) conn.close(true);
    wasSeenUnfinished = true;
  });
}

/** The parser has looked at the packet before, and ended the connection where its number is none. */
function attachmentsOf(packet: string): number {
  return packet.startsWith('5') || packet.startsWith('6') ? Number.parseInt(packet.slice(1), 10) : 0;
}
