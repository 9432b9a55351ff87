import type { UserId } from '../shared';
import { keys } from './keys';
import { DAMAGED, type View } from './view';

/** Whom a user has blocked. It never expires. */
export interface BlocksRecord {
  users: UserId[];
}

/** A damaged list would let those through who are on it. */
export async function readBlocks(view: View, user: UserId): Promise<UserId[]> {
  const record = await view.find<BlocksRecord>(keys.blocks(user));
  if (record === DAMAGED) throw new Error('the list of those whom a user has blocked is damaged');
  return record?.users ?? [];
}

export async function isBlocked(view: View, user: UserId, other: UserId): Promise<boolean> {
  return (await readBlocks(view, user)).includes(other);
}
