import {
  BEGINNING,
  type Channel,
  type DeviceId,
  isAfter,
  type Offset,
  SENT_CHANNEL,
  type UserId,
} from '../shared';
import type { Expiring } from './changes';
import { keys } from './keys';
import { entryAfter, newestEntry, type Place } from './stored-entry';
import type { View } from './view';

/** A delivered cursor: device, up to where it has stored, when that was last said (Unix ms). */
export type DeviceCursor = [device: DeviceId, offset: Offset, usedAt: number];

/** Where one inbox stands. It outlives the messages, so that offsets and cursors go on where they were. */
export interface InboxRecord extends Expiring {
  /** When the messages expire if none is added. */
  inboxUntil: number;
  /** Offset and number of the last message ever appended, and bytes of all drafts up to it. */
  last: Offset;
  n: number;
  bytes: number;
  /** The oldest message that is kept. Only the oldest are ever removed: what is kept has no gaps. */
  oldest: Place | null;
  read: Offset;
  readN: number;
  devices: DeviceCursor[];
  /** The furthest that any device has stored. */
  acked: Offset;
  /** The last message whose sender asked for receipts. */
  asked: Offset;
}

const NEW_INBOX: InboxRecord = {
  until: 0,
  inboxUntil: 0,
  last: BEGINNING,
  n: 0,
  bytes: 0,
  oldest: null,
  read: BEGINNING,
  readN: 0,
  devices: [],
  acked: BEGINNING,
  asked: BEGINNING,
};

/** The record of an inbox, without messages where these have expired; that of a new inbox where there is none. */
export async function readInbox(
  view: View,
  user: UserId,
  channel: Channel,
  nowMs: number,
): Promise<InboxRecord> {
  const record = await view.read<InboxRecord>(keys.state(user, channel));
  if (record === undefined) return recordFromEntries(view, user, channel, nowMs);
  if (record.until <= nowMs) return NEW_INBOX;
  return record.inboxUntil > nowMs
    ? notBehindEntries(view, user, channel, record)
    : { ...record, oldest: null };
}

/** Damage can bring an older record of the inbox back: its cursors held then, its end is that of the messages. */
async function notBehindEntries(
  view: View,
  user: UserId,
  channel: Channel,
  record: InboxRecord,
): Promise<InboxRecord> {
  const newest = await newestEntry(view, user, channel);
  if (newest === undefined || !isAfter(newest.offset, record.last)) return record;
  const { offset, n, bytesBefore, draft } = newest;
  return { ...record, last: offset, n, bytes: bytesBefore + Buffer.byteLength(draft) };
}

/** The messages tell where the inbox stands, should its record be lost: a message must never take another's place. */
async function recordFromEntries(
  view: View,
  user: UserId,
  channel: Channel,
  nowMs: number,
): Promise<InboxRecord> {
  const newest = await newestEntry(view, user, channel);
  const oldest = newest && (await entryAfter(view, user, channel, BEGINNING));
  if (newest === undefined || oldest === undefined) return NEW_INBOX;
  const { offset, n, bytesBefore } = newest;
  const kept = { offset: oldest.offset, n: oldest.n, bytesBefore: oldest.bytesBefore };
  const bytes = bytesBefore + Buffer.byteLength(newest.draft);
  return { ...NEW_INBOX, inboxUntil: nowMs + 1, last: offset, n, bytes, oldest: kept };
}

/**
 * unread = n(last) − max(n(read), n(oldest) − 1): neither counted up and down nor scanned. What one has sent is never
 * unread.
 */
export function unreadOf(channel: Channel, { oldest, n, readN }: InboxRecord): number {
  return channel === SENT_CHANNEL || oldest === null ? 0 : Math.max(0, n - Math.max(readN, oldest.n - 1));
}

/** No cursor is beyond the last message: one that is is another log's. */
export function deliveredOf({ devices, last }: InboxRecord, device: DeviceId): Offset | undefined {
  const offset = devices.find(([known]) => known === device)?.[1];
  return offset === undefined || isAfter(offset, last) ? undefined : offset;
}

/**
 * Moves a device's cursor forward to `offset`, which must not be beyond the last message. A new device takes the
 * place of the longest unused one where there are `maxDevices`. The same record comes back where nothing is kept.
 */
export function withDelivered(
  record: InboxRecord,
  device: DeviceId,
  offset: Offset,
  nowMs: number,
  maxDevices: number,
): InboxRecord {
  const current = deliveredOf(record, device);
  if (current === undefined && offset === BEGINNING) return record;
  const moved = current === undefined || isAfter(offset, current) ? offset : current;
  const others = record.devices.filter(([known]) => known !== device);
  const kept =
    others.length < maxDevices ? others : others.filter((cursor) => cursor !== longestUnused(others));
  return { ...record, devices: [...kept, [device, moved, nowMs]] };
}

function longestUnused(cursors: readonly DeviceCursor[]): DeviceCursor | undefined {
  return cursors.reduce<DeviceCursor | undefined>(
    (oldest, cursor) => (oldest === undefined || cursor[2] < oldest[2] ? cursor : oldest),
    undefined,
  );
}
