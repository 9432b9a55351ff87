import { randomFillSync } from 'node:crypto';
import { V7Generator } from 'uuidv7';
import type { ConnectionId, MessageId } from './ids';

/** Fetched so many at a time: a fetch costs several microseconds, whether of twelve bytes or of four thousand. */
const pool = Buffer.alloc(4096);
let used = pool.length;

/** Where that many random bytes lie in the pool; nobody gets them again. */
function takeRandom(bytes: number): number {
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += bytes;
  return used - bytes;
}

const uuids = new V7Generator({ nextUint32: () => pool.readUInt32LE(takeRandom(4)) });

export function newMessageId(): MessageId {
  return uuids.generate().toString() as MessageId;
}

const CONNECTION_ID_BYTES = 12;

export function newConnectionId(): ConnectionId {
  const start = takeRandom(CONNECTION_ID_BYTES);
  return pool.toString('base64url', start, start + CONNECTION_ID_BYTES) as ConnectionId;
}
