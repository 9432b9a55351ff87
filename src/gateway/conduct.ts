import { TokenBucket } from '../limits';

/** Far more than any client has to say, and what a node can take of it from many at once. */
const EVENTS_PER_SECOND = 1000;
const EVENTS_AT_ONCE = 5000;

/** A client that hears `rate_limited` and waits, if only now and then, is never ended for it. */
const REFUSALS_FORGIVEN_PER_SECOND = 20;
const REFUSALS_AT_ONCE = 1000;

/**
 * How one connection behaves: how many events it sends, of whatever kind, and how often it has been refused for going
 * too fast. Who ignores the refusals for long is evicted. Nothing is made per event.
 */
export class Conduct {
  private readonly events = new TokenBucket(EVENTS_AT_ONCE, EVENTS_PER_SECOND);
  private readonly patience = new TokenBucket(REFUSALS_AT_ONCE, REFUSALS_FORGIVEN_PER_SECOND);

  private isOver = false;

  /** `onOutOfPatience` is called once. */
  constructor(private readonly onOutOfPatience: () => void) {}

  /** An event has come: 0, or in how many milliseconds one would be taken. */
  takeEvent(nowMs: number): number {
    return this.events.take(nowMs);
  }

  /** The connection has been told `rate_limited`. */
  noteRefusal(nowMs: number): void {
    if (this.isOver || this.patience.take(nowMs) === 0) return;
    this.isOver = true;
    this.onOutOfPatience();
  }
}
