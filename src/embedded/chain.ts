import { BEGINNING, type Channel, isAfter, type Offset, type UpTo, type UserId } from '../shared';
import type { InboxRecord } from './inbox-record';
import { entryAfter } from './stored-entry';
import type { View } from './view';

/**
 * What the first entry after `offset` follows: `offset` itself, or something later where retention has cut;
 * something earlier where no entry ever was at `offset`. Undefined where no entry lies after it.
 */
export async function prevAfter(
  view: View,
  user: UserId,
  channel: Channel,
  { oldest }: InboxRecord,
  offset: Offset,
): Promise<Offset | undefined> {
  return oldest === null ? undefined : (await entryAfter(view, user, channel, offset))?.prev;
}

/**
 * Whether there was a message at `offset` in this log: one at which no entry ever was shows that the log has been
 * another since, or that somebody has made it up.
 */
export async function isInChain(
  view: View,
  user: UserId,
  channel: Channel,
  record: InboxRecord,
  offset: Offset,
): Promise<boolean> {
  if (offset === record.last) return true;
  if (isAfter(offset, record.last)) return false;
  const prev = await prevAfter(view, user, channel, record, offset);
  return prev === undefined || !isAfter(offset, prev);
}

/** The twin of `counted` in redis/lua/chain.lua: how far a cursor moves that is to move to `upTo`. */
export async function countedUpTo(
  view: View,
  user: UserId,
  channel: Channel,
  record: InboxRecord,
  upTo: UpTo,
  sent: Offset | undefined,
): Promise<Offset> {
  if (upTo === 'last') return record.last;
  if (await isInChain(view, user, channel, record, upTo)) return upTo;
  if (sent === undefined) return isAfter(upTo, record.last) ? record.last : upTo;
  if (!(await isInChain(view, user, channel, record, sent))) return BEGINNING;
  return isAfter(upTo, sent) ? sent : upTo;
}
