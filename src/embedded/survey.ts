import { setTimeout as delay } from 'node:timers/promises';
import { BEGINNING, type Channel, isAfter, type Offset, type UserId } from '../shared';
import type { InboxRecord } from './inbox-record';
import { keys } from './keys';
import type { Level } from './level';
import { unseal } from './seal';
import type { StoreWatcher } from './store-watcher';
import { parseEntry } from './stored-entry';
import { View } from './view';

/** Looked at in one go, and the pause until the next: a node that has just started has better things to do. */
const PAGE = 500;
const PAUSE_MS = 5;

interface Found {
  records: number;
  damaged: number;
  missing: number;
}

/**
 * Looks at everything that is stored, as of one moment: whether each record is what was written, and whether the
 * chain of each inbox is whole. Ends early where the store is closed.
 */
export async function survey(level: Level, watcher: StoreWatcher, signal: AbortSignal): Promise<Found> {
  const found: Found = { records: 0, damaged: 0, missing: 0 };
  const snapshot = level.snapshot();
  const view = new View(level, () => undefined, snapshot);
  const all = level.iterator<string, string>({ snapshot });
  try {
    let chain: Chain | undefined;
    for (let page = await all.nextv(PAGE); page.length > 0; page = await all.nextv(PAGE)) {
      for (const [key, value] of page) {
        const text = unseal(key, value);
        found.records += 1;
        if (text === undefined) {
          found.damaged += 1;
          watcher.damaged(key);
        }
        const [kind, user, channel] = key.split('/') as [string, UserId, Channel];
        if (kind !== 'inbox') continue;
        if (!chain?.isOf(user, channel)) {
          found.missing += chain?.end(watcher) ?? 0;
          chain = new Chain(user, channel, await view.read<InboxRecord>(keys.state(user, channel)));
        }
        if (text !== undefined) found.missing += chain.follow(text, watcher);
      }
      await delay(PAUSE_MS, undefined, { signal, ref: false });
    }
    found.missing += chain?.end(watcher) ?? 0;
    return found;
  } finally {
    await all.close();
    await snapshot.close();
  }
}

/** One inbox: each message's number is one more than that of the one before it. */
class Chain {
  private at: { offset: Offset; n: number } | undefined;

  constructor(
    private readonly userId: UserId,
    private readonly channel: Channel,
    private readonly record: InboxRecord | undefined,
  ) {
    if (record?.oldest) this.at = { offset: BEGINNING, n: record.oldest.n - 1 };
  }

  isOf(user: UserId, channel: Channel): boolean {
    return user === this.userId && channel === this.channel;
  }

  /** Returns how many are missing before it. What lies before the oldest that is kept is on its way out. */
  follow(text: string, watcher: StoreWatcher): number {
    const { offset, n } = parseEntry(text);
    const { at, record } = this;
    if (record?.oldest && isAfter(record.oldest.offset, offset)) return 0;
    this.at = { offset, n };
    return at === undefined ? 0 : this.tell(watcher, n - at.n - 1, at.offset, offset);
  }

  end(watcher: StoreWatcher): number {
    const { at, record } = this;
    return at === undefined || !record?.oldest ? 0 : this.tell(watcher, record.n - at.n, at.offset, null);
  }

  private tell(watcher: StoreWatcher, missing: number, since: Offset, oldest: Offset | null): number {
    if (missing <= 0) return 0;
    const { userId, channel } = this;
    watcher.gap({ userId, channel, missing, since, oldest });
    return missing;
  }
}
