import { BEGINNING, isAfter, laterOf, type Offset } from '../shared';
import type { Entry, Offered, Page } from './entry';

/** What a feed wants done on its connection, in this order. */
export type FeedOutput =
  | { kind: 'message'; entry: Entry }
  /** Messages between `since` and `oldest` are gone; `oldest` null where nothing is left. */
  | { kind: 'truncated'; since: Offset; oldest: Offset | null }
  /** The replay has met the live flow; once per feed. */
  | { kind: 'synced'; offset: Offset; count: number }
  /** The store has gone back behind what was pushed: only a new start from the stored cursor is safe. */
  | { kind: 'reset' };

type Mode = 'waiting' | 'replaying' | 'live' | 'lagging' | 'ended';

/**
 * One inbox on one connection: every message after the start, in offset order, each once, with no gap that
 * retention did not make. Pure: it holds no timer, no socket and no message.
 *
 * It believes only the chain that offsets and `prev` make, so pushes may be lost, doubled and reordered freely.
 * Live, it takes what follows its position and asks for a read otherwise. While it reads or lags it keeps no
 * message that is offered, only the knowledge that there is more: the inbox has it.
 */
export class Feed {
  private mode: Mode = 'waiting';
  private position: Offset = BEGINNING;
  private replayed = 0;
  private synced = false;
  /** The greatest offset offered since the read under way was asked for. */
  private offered: Offset = BEGINNING;
  private reading = false;

  /**
   * Takes its place in the inbox, once registration has told where that is and what the last offset was. Where those
   * are one, and of nothing later there has been word since, there is nothing to read. Returns what to push.
   */
  begin(position: Offset, last: Offset): FeedOutput[] {
    if (this.mode !== 'waiting') return [];
    this.position = position;
    this.mode = 'replaying';
    const outputs: FeedOutput[] = [];
    if (position === last && !isAfter(this.offered, position)) this.meetLiveFlow(outputs);
    return outputs;
  }

  /** Whether a read should be asked for now. */
  get wantsRead(): boolean {
    return this.mode === 'replaying' && !this.reading;
  }

  get isLagging(): boolean {
    return this.mode === 'lagging';
  }

  /** The last message that has been pushed, or where the replay started. */
  get sentUpTo(): Offset {
    return this.position;
  }

  /** A read is being asked for. What it must return is all that was offered before this. */
  startRead(): Offset {
    this.reading = true;
    this.offered = BEGINNING;
    return this.position;
  }

  /** The read failed, or its page (or the rest of it) can't be taken: what asks for reads asks again later. */
  dropRead(): void {
    this.reading = false;
  }

  /** Takes word of a message. Returns what to push; afterwards `wantsRead` tells whether it must be read instead. */
  offer({ offset, prev, json }: Offered): Entry | undefined {
    if (this.mode !== 'live') {
      this.offered = laterOf(this.offered, offset);
      return undefined;
    }
    if (!isAfter(offset, this.position)) return undefined;
    if (prev !== this.position || json === undefined) {
      this.mode = 'replaying';
      return undefined;
    }
    this.position = offset;
    return { offset, prev, json };
  }

  /** Takes the last offset of the inbox, as a sweep found it. */
  compare(last: Offset): void {
    if (this.mode === 'live' && last !== BEGINNING && last !== this.position) this.mode = 'replaying';
  }

  /** Takes the page that was asked for. */
  accept(page: Page): FeedOutput[] {
    this.reading = false;
    if (this.mode === 'ended') return [];
    const outputs: FeedOutput[] = [];
    for (const entry of page.entries) {
      if (!this.follow(entry, outputs)) return [...outputs, this.end()];
    }
    if (page.entries.length === 0 && !this.followEmpty(page.last, outputs)) return [this.end()];
    if (!page.more && !isAfter(this.offered, this.position)) this.meetLiveFlow(outputs);
    return outputs;
  }

  /** The connection's transport is full: nothing is pushed or read until `resume`. */
  lag(): void {
    if (this.mode === 'live' || this.mode === 'replaying') this.mode = 'lagging';
  }

  /** The transport has drained: what came meanwhile is read. */
  resume(): void {
    if (this.mode === 'lagging') this.mode = 'replaying';
  }

  /** Returns false where the chain shows that the store has gone back. */
  private follow(entry: Entry, outputs: FeedOutput[]): boolean {
    if (!isAfter(entry.offset, this.position)) return true;
    if (entry.prev !== this.position) {
      const begunAnew = entry.prev === BEGINNING;
      if (!begunAnew && !isAfter(entry.prev, this.position)) return false;
      outputs.push({ kind: 'truncated', since: this.position, oldest: entry.offset });
    }
    this.position = entry.offset;
    if (!this.synced) this.replayed += 1;
    outputs.push({ kind: 'message', entry });
    return true;
  }

  /** Nothing lies after the position. An inbox without a last offset was emptied, and tells more with its first message. */
  private followEmpty(last: Offset, outputs: FeedOutput[]): boolean {
    if (last === BEGINNING || last === this.position) return true;
    if (!isAfter(last, this.position)) return false;
    outputs.push({ kind: 'truncated', since: this.position, oldest: null });
    this.position = last;
    return true;
  }

  private meetLiveFlow(outputs: FeedOutput[]): void {
    if (this.mode === 'replaying') this.mode = 'live';
    if (this.synced) return;
    this.synced = true;
    outputs.push({ kind: 'synced', offset: this.position, count: this.replayed });
  }

  private end(): FeedOutput {
    this.mode = 'ended';
    return { kind: 'reset' };
  }
}
