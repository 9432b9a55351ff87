import type { Entry, Offered, Page } from '../../src/hub';
import { BEGINNING, isAfter, type MessageJson, type Offset } from '../../src/shared';

/** What the store knows of one inbox at one moment. */
export interface InboxState {
  /** Everything appended since the store was last emptied, gone or not, oldest first. */
  readonly chain: readonly Entry[];
  /** How many of the oldest are gone. */
  readonly cut: number;
}

const EMPTY: InboxState = { chain: [], cut: 0 };

/**
 * An inbox as plain data, with all that can befall one: retention, expiry, a store emptied or gone back. Its
 * clock always moves on, so that no offset is given twice, whatever is lost.
 */
export class ModelInbox {
  state = EMPTY;
  /** Word of every message ever appended, those that were lost later too. */
  readonly said: Offered[] = [];
  /** Every `last` there ever was. */
  readonly lasts: Offset[] = [BEGINNING];
  private readonly past: InboxState[] = [EMPTY];
  private nowMs = 0;

  append(): void {
    // Offsets of one and of two digits, and several within one millisecond.
    this.nowMs += 1;
    const offset = `${6 + Math.floor(this.nowMs / 2)}-${this.nowMs % 2}` as Offset;
    const entry = { offset, prev: lastOf(this.state), json: `{"at":"${offset}"}` as MessageJson };
    this.said.push(entry);
    this.become({ ...this.state, chain: [...this.state.chain, entry] });
  }

  /** Retention takes the oldest that are kept. */
  cut(count: number): void {
    this.become({ ...this.state, cut: Math.min(this.state.chain.length, this.state.cut + count) });
  }

  /** Everything is past its age; what the last offset was is still known. */
  expire(): void {
    this.become({ ...this.state, cut: this.state.chain.length });
  }

  /** The store loses all: the inbox begins anew. */
  empty(): void {
    this.become(EMPTY);
  }

  /** The store is as it was some changes ago: a failover has lost writes. */
  goBack(changes: number): void {
    this.become(this.past[Math.max(0, this.past.length - 1 - changes)] ?? EMPTY);
  }

  private become(state: InboxState): void {
    this.state = state;
    this.past.push(state);
    this.lasts.push(lastOf(state));
  }
}

export function lastOf({ chain }: InboxState): Offset {
  return chain.at(-1)?.offset ?? BEGINNING;
}

export function keptOf({ chain, cut }: InboxState): readonly Entry[] {
  return chain.slice(cut);
}

/** What a read finds at that moment. */
export function pageAfter(state: InboxState, after: Offset, limit: number): Page {
  const rest = keptOf(state).filter(({ offset }) => isAfter(offset, after));
  return { entries: rest.slice(0, limit), last: lastOf(state), more: rest.length > limit };
}
