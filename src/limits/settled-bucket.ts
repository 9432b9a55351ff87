import { TokenBucket } from './token-bucket';

/**
 * One user's send rate on one node: a bucket that answers at once, and the account of what has not been told to the
 * store's bucket yet. Pure: the store is asked by whoever calls.
 */
export class SettledBucket {
  private readonly bucket: TokenBucket;
  private readonly settleAt: number;
  private unsettled = 0;
  private settling = false;
  private closedUntilMs = 0;

  constructor(
    ratePerSecond: number,
    private readonly burst: number,
  ) {
    this.bucket = new TokenBucket(burst, ratePerSecond);
    this.settleAt = settlingCost(ratePerSecond);
  }

  /** Takes one message and returns 0; or none, and returns in how many milliseconds one will pass. */
  take(nowMs: number): number {
    const waitMs = Math.max(this.bucket.waitMs(nowMs), Math.ceil(this.closedUntilMs - nowMs));
    if (waitMs > 0) return waitMs;
    this.bucket.take(nowMs);
    this.unsettled += 1;
    return 0;
  }

  /** What the store is to be told now: 0 while it is little, or while an answer is awaited. */
  beginSettling(): number {
    return this.settling || this.unsettled < this.settleAt ? 0 : this.takeUnsettled();
  }

  /** What the store is to be told before this bucket is forgotten: all there is. */
  beginLast(): number {
    return this.takeUnsettled();
  }

  /** The store has answered that the user is over the cluster's rate for `overMs` yet; 0 where it is not over. */
  settled(overMs: number, nowMs: number): void {
    this.settling = false;
    if (overMs > 0) this.closedUntilMs = Math.max(this.closedUntilMs, nowMs + overMs);
  }

  /** The store has not answered: what it was told is forgiven, and this bucket alone decides. */
  notSettled(): void {
    this.settling = false;
  }

  private takeUnsettled(): number {
    const cost = Math.min(this.unsettled, this.burst);
    this.unsettled = 0;
    this.settling = cost > 0;
    return cost;
  }
}

/** Half a second's worth: what a node sends on a user's behalf before it tells the store. */
export function settlingCost(ratePerSecond: number): number {
  return Math.max(1, Math.ceil(ratePerSecond / 2));
}
