import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Channel, codeOf, isAfter, type Offset, sentAtOf, type UserId } from '../shared';
import { Changes } from './changes';
import { type InboxRecord, readInbox } from './inbox-record';
import { keys } from './keys';
import { storeDirectory } from './level';
import { hasDamagedTail } from './log-tail';
import type { StoreWatcher } from './store-watcher';
import type { View } from './view';

/** A message's key as it stands in LevelDB's log, where nothing is compressed. */
const ENTRY_KEY = /inbox\/([^/\p{Cc}]{1,128})\/([a-z0-9_-]{1,32})\/(\d{16})-(\d{16})/gu;
/** How long the end that was given to an inbox is kept at least: until the device that is away longest has been told. */
const KEPT_MS = 30 * 24 * 3_600_000;
/** LevelDB skips damage in its log and says so in a file that nobody reads. */
const DROPPED = /dropp(ing \d+ bytes|ed)|corruption|ignoring|Archiving|Repaired/i;

/**
 * What LevelDB drops when it reads a damaged log. What it drops from the middle of an inbox shows in the chain of `prev`;
 * from its end, nothing shows. So the log is read for the names of messages before LevelDB reads it (and deletes it),
 * and an inbox that has lost its end is given a last offset again: clients are told of the gap, and no new message
 * gets the place of a lost one.
 */
export class Recovery {
  /** `<user>/<channel>` → offsets that the logs name. Kept until a store that was opened has been looked through. */
  private readonly named = new Map<string, Set<Offset>>();
  private hasDropped = false;
  private hasDamagedTail = false;

  constructor(
    private readonly dataDir: string,
    private readonly now: () => number,
  ) {}

  /** Before LevelDB is opened. */
  async noteLogs(): Promise<void> {
    for (const file of await this.files()) {
      if (!file.endsWith('.log')) continue;
      const log = await readFile(join(storeDirectory(this.dataDir), file));
      this.hasDamagedTail ||= hasDamagedTail(log);
      const text = log.toString('utf8');
      for (const [, user, channel, ms, n] of text.matchAll(ENTRY_KEY)) {
        const inbox = `${user}/${channel}`;
        const offsets = this.named.get(inbox) ?? new Set<Offset>();
        this.named.set(inbox, offsets.add(`${Number(ms)}-${Number(n)}` as Offset));
      }
    }
  }

  /** After it: whether LevelDB dropped anything, in its own words. A repair has its own, before those of the opening. */
  async noteDrops(watcher: StoreWatcher, isRepaired: boolean): Promise<void> {
    const lines = await this.linesOf('LOG');
    if (this.hasDamagedTail) lines.push('the last record of the log has a damaged length: it was dropped');
    this.hasDropped ||= isRepaired || lines.length > 0;
    const previousLines = await this.linesOf('LOG.old');
    if (lines.length + previousLines.length > 0) watcher.dropped(lines, previousLines);
  }

  /** What is to be written before anybody is answered: the ends of inboxes that have lost theirs. */
  async lostEnds(view: View): Promise<Changes> {
    const changes = new Changes();
    if (!this.hasDropped) return changes;
    const nowMs = this.now();
    for (const [inbox, offsets] of this.named) {
      const [user, channel] = inbox.split('/') as [UserId, Channel];
      const record = await readInbox(view, user, channel, nowMs);
      // A damaged name could lie in the future, and every later message would have to lie behind it.
      const lost = [...offsets].filter((offset) => isAfter(offset, record.last) && sentAtOf(offset) <= nowMs);
      if (lost.length === 0) continue;
      const last = lost.reduce((a, b) => (isAfter(a, b) ? a : b));
      const until = Math.max(record.until, nowMs + KEPT_MS);
      const ended: InboxRecord = { ...record, last, n: record.n + lost.length, until };
      changes.putExpiring(keys.state(user, channel), ended);
    }
    return changes;
  }

  /** They are written: the next opening begins anew. */
  settle(): void {
    this.named.clear();
    this.hasDropped = false;
    this.hasDamagedTail = false;
  }

  private async linesOf(file: string): Promise<string[]> {
    try {
      const text = await readFile(join(storeDirectory(this.dataDir), file), 'utf8');
      return text.split('\n').filter((line) => DROPPED.test(line));
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return [];
      throw error;
    }
  }

  private async files(): Promise<string[]> {
    try {
      return await readdir(storeDirectory(this.dataDir));
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return [];
      throw error;
    }
  }
}
