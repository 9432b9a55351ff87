import { Changes, type Expiring } from './changes';
import type { EmbeddedDatabase } from './database';
import type { InboxRecord } from './inbox-record';
import { below, keyDue, keys, ownerOf } from './keys';
import { DAMAGED, type View } from './view';

/** A damaged log-out stays one, and the messages of a damaged inbox tell where that stands. */
const OUTLIVES_DAMAGE = /^(revoked|state)\//;

/** Looked at in one go; between two, others get their turn. */
const PAGE = 500;

/**
 * Removes what has expired. Readers judge by the records themselves, so this only gives the room back: it may
 * come late, stop half-way or run twice. A record that was renewed meanwhile has a later date of its own.
 */
export async function removeExpired(database: EmbeddedDatabase): Promise<void> {
  const nowMs = database.now();
  for (let due = await nextDue(database, nowMs); due.length > 0; due = await nextDue(database, nowMs)) {
    for (const dueKey of due) await settle(database, dueKey, nowMs);
  }
}

async function nextDue(database: EmbeddedDatabase, nowMs: number): Promise<string[]> {
  return database.look(async (view) => {
    const found: string[] = [];
    const range = { gt: below('due').gt, lt: keys.due(nowMs, '') };
    for await (const key of view.keys(range, { limit: PAGE })) found.push(key);
    return found;
  });
}

/** An inbox's messages expire before its record; the date of either leads to the record. */
async function settle(database: EmbeddedDatabase, dueKey: string, nowMs: number): Promise<void> {
  const key = keyDue(dueKey);
  await database.exclusively(ownerOf(key), async (view) => {
    const changes = new Changes().delete(dueKey);
    const record = await view.find<Expiring | InboxRecord>(key);
    if (record === DAMAGED) {
      if (!OUTLIVES_DAMAGE.test(key)) changes.delete(key);
    } else if (record !== undefined) {
      const isOver = record.until <= nowMs;
      if ('inboxUntil' in record && (isOver || record.inboxUntil <= nowMs)) {
        await removeMessages(database, view, key);
      }
      if (isOver) changes.delete(key);
    }
    await database.commit(changes, { durable: false });
  });
}

/** In several steps: what is left by a crash in between is as expired as before, and the date still stands. */
async function removeMessages(database: EmbeddedDatabase, view: View, stateKey: string): Promise<void> {
  let changes = new Changes();
  for await (const key of view.keys(below(stateKey.replace(/^state/, 'inbox')))) {
    changes.delete(key);
    if (changes.list.length === PAGE) {
      await database.commit(changes, { durable: false });
      changes = new Changes();
    }
  }
  await database.commit(changes, { durable: false });
}
