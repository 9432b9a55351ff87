import type { Entry, Offered } from '../../src/hub';
import { Feed, type FeedOutput } from '../../src/hub/feed';
import { BEGINNING, isAfter, type Offset } from '../../src/shared';
import { type InboxState, keptOf, lastOf, ModelInbox, pageAfter } from './model-inbox';

/** One thing that can happen to a feed or to the inbox that it follows. */
export type Step =
  | {
      do:
        | 'append'
        | 'expire'
        | 'empty'
        | 'register'
        | 'begin'
        | 'ask'
        | 'look'
        | 'hand over'
        | 'fail'
        | 'lag'
        | 'resume';
    }
  | { do: 'cut' | 'go back'; count: number }
  /** Word of a message, as many envelopes ago; so it may be lost, doubled and late. */
  | { do: 'offer'; ago: number; grown: boolean }
  | { do: 'compare'; ago: number };

function rule(name: string, holds: boolean): void {
  if (!holds) throw new Error(`the feed breaks a rule: ${name}`);
}

/**
 * A client, its feed and its inbox, taken through any steps in any order. It holds the feed to the rules that
 * apply at every step, by what the store knew at the moment of each look.
 */
export class FeedRun {
  readonly inbox = new ModelInbox();
  readonly outputs: FeedOutput[] = [];
  /** Where the client is, by what it was told: the offset of its last message, or the end of an emptied inbox. */
  position = BEGINNING;
  private readonly feed = new Feed();
  private registered: { position: Offset; last: Offset } | undefined;
  private begun = false;
  private lagging = false;
  private hasLostWrites = false;
  /** A read is asked for, then looks into the store, then is handed over; anything may happen in between. */
  private read: { after: Offset; seen: InboxState | undefined } | undefined;
  private greatestOffered = BEGINNING;

  constructor(
    private readonly pageLimit: number,
    private readonly start: number,
  ) {}

  get kinds(): FeedOutput['kind'][] {
    return this.outputs.map(({ kind }) => kind);
  }

  get wasReset(): boolean {
    return this.kinds.includes('reset');
  }

  get messages(): Entry[] {
    return this.outputs.flatMap((output) => (output.kind === 'message' ? [output.entry] : []));
  }

  take(step: Step): void {
    switch (step.do) {
      case 'append':
        return this.inbox.append();
      case 'cut':
        return this.inbox.cut(step.count);
      case 'expire':
        return this.inbox.expire();
      case 'empty':
        this.hasLostWrites = true;
        return this.inbox.empty();
      case 'go back':
        this.hasLostWrites = true;
        return this.inbox.goBack(step.count);
      case 'register':
        return this.register();
      case 'begin':
        return this.begin();
      case 'offer':
        return this.offer(step.ago, step.grown);
      case 'ask':
        return this.ask();
      case 'look':
        return this.look();
      case 'hand over':
        return this.handOver();
      case 'fail':
        return this.fail();
      case 'lag':
        this.lagging = this.begun;
        return this.feed.lag();
      case 'resume':
        this.lagging = false;
        return this.feed.resume();
      case 'compare':
        return this.feed.compare(this.inbox.lasts.at(-1 - step.ago) ?? BEGINNING);
    }
  }

  /** Everything that was going on comes to its end, a sweep looks, and the feed reads until it rests. */
  settle(): void {
    if (!this.begun) this.begin();
    this.take({ do: 'resume' });
    this.look();
    this.handOver();
    this.readAll();
    this.take({ do: 'compare', ago: 0 });
    this.readAll();
    this.take({ do: 'compare', ago: 0 });
    rule('a sweep that finds nothing new costs no read', !this.feed.wantsRead);
  }

  /** Without any sweep: while it neither reads nor lags nor wants to read, it has all that it was told of. */
  checkHasWhatWasOffered(): void {
    const rests = this.begun && !this.lagging && this.read === undefined && !this.feed.wantsRead;
    rule('what was offered is not forgotten', !rests || !isAfter(this.greatestOffered, this.position));
  }

  /**
   * Is given its place: some offset that has been handed out, or the end, or the beginning; and with it the last offset.
   * From here on there is word of every message, which may be lost or come before it begins.
   */
  private register(): void {
    const { chain } = this.inbox.state;
    const last = lastOf(this.inbox.state);
    const position =
      chain[this.start % (chain.length + 1)]?.offset ?? (this.start % 2 === 0 ? last : BEGINNING);
    this.registered ??= { position, last };
  }

  /** Takes its place; a second time changes nothing. */
  private begin(): void {
    if (this.begun) {
      rule('it begins once', this.feed.begin(BEGINNING, BEGINNING).length === 0);
      return;
    }
    this.register();
    this.begun = true;
    const { position, last } = this.registered!;
    this.position = position;
    this.record(this.feed.begin(position, last), undefined);
  }

  private offer(ago: number, grown: boolean): void {
    const said = this.inbox.said.at(-1 - ago);
    if (said === undefined) return;
    const offered: Offered = grown ? { ...said, json: undefined } : said;
    const wantedRead = this.feed.wantsRead;
    const isNews = isAfter(offered.offset, this.position);
    const entry = this.feed.offer(offered);
    if (isAfter(offered.offset, this.greatestOffered)) this.greatestOffered = offered.offset;
    if (entry !== undefined) {
      const isFree = this.begun && !this.lagging && this.read === undefined && !this.wasReset;
      rule('nothing is pushed before it begins, while it reads or lags, or after a reset', isFree);
      this.record([{ kind: 'message', entry }], undefined);
    }
    rule('a doubled or late envelope costs no read', isNews || this.feed.wantsRead === wantedRead);
  }

  private ask(): void {
    if (!this.feed.wantsRead) return;
    rule('one read at a time', this.read === undefined);
    rule(
      'no read before it begins, while it lags, or after a reset',
      this.begun && !this.lagging && !this.wasReset,
    );
    this.read = { after: this.feed.startRead(), seen: undefined };
  }

  private look(): void {
    if (this.read !== undefined) this.read.seen ??= this.inbox.state;
  }

  private handOver(): void {
    if (this.read?.seen === undefined) return;
    const { after, seen } = this.read;
    this.read = undefined;
    this.record(this.feed.accept(pageAfter(seen, after, this.pageLimit)), seen);
  }

  private fail(): void {
    if (this.read === undefined) return;
    this.read = undefined;
    this.feed.dropRead();
  }

  private readAll(): void {
    const enough = 2 + this.inbox.said.length;
    for (let reads = 0; this.feed.wantsRead; reads += 1) {
      rule('it comes to rest', reads < enough);
      this.ask();
      this.look();
      this.handOver();
    }
  }

  private record(outputs: FeedOutput[], seen: InboxState | undefined): void {
    for (const [i, output] of outputs.entries()) {
      rule('nothing comes after a reset', !this.wasReset);
      if (output.kind === 'message') this.checkMessage(output.entry, outputs[i - 1]);
      if (output.kind === 'truncated') this.checkTruncated(output, outputs[i + 1], seen);
      if (output.kind === 'synced') this.checkSynced(output);
      if (output.kind === 'reset') this.checkReset(seen);
      this.outputs.push(output);
    }
  }

  private checkMessage(entry: Entry, before: FeedOutput | undefined): void {
    const said = this.inbox.said.find(({ offset }) => offset === entry.offset);
    rule('a message is what was appended', entry.json === said?.json && entry.prev === said.prev);
    rule('messages come in order, each once', isAfter(entry.offset, this.position));
    const cut = before?.kind === 'truncated' ? before : undefined;
    if (entry.prev === this.position) rule('no cut is told where there is none', cut === undefined);
    else {
      rule(
        'a cut is told before the message after it',
        cut?.since === this.position && cut.oldest === entry.offset,
      );
      rule('a store gone back is no cut', entry.prev === BEGINNING || isAfter(entry.prev, this.position));
    }
    this.position = entry.offset;
  }

  private checkTruncated(
    { since, oldest }: FeedOutput & { kind: 'truncated' },
    next: FeedOutput | undefined,
    seen: InboxState | undefined,
  ): void {
    if (seen === undefined) throw new Error('only a read can tell of a cut');
    const kept = keptOf(seen).filter(({ offset }) => isAfter(offset, since));
    rule('a cut is told from where the client is', since === this.position);
    rule('the oldest that is left is named', oldest === (kept[0]?.offset ?? null));
    rule('the oldest that is left comes next', oldest === null || next?.kind === 'message');
    if (oldest === null) {
      rule('what was cut came after the client', isAfter(lastOf(seen), since));
      this.position = lastOf(seen);
    }
    const gone = seen.chain.slice(0, seen.cut).filter(({ offset }) => isAfter(offset, since));
    rule('what is told as cut was cut', this.hasLostWrites || gone.length > 0);
  }

  private checkSynced({ offset, count }: FeedOutput & { kind: 'synced' }): void {
    rule('synced comes once', !this.kinds.includes('synced'));
    rule('synced says where the client is', offset === this.position);
    rule('synced counts what was replayed', count === this.messages.length);
  }

  private checkReset(seen: InboxState | undefined): void {
    rule('only a store that lost writes leads to a reset', this.hasLostWrites);
    const isInChain = seen?.chain.some(({ offset }) => offset === this.position) ?? true;
    rule('a client whose place is in the chain is not reset', !isInChain);
  }
}
