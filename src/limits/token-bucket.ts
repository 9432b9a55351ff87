/** Less than any clock here can tell; what rounding adds to a sum of fractions of milliseconds stays below it. */
const ROUNDING_MS = 0.001;

/**
 * A token bucket as one number: when it will be full again (GCRA). Full at first. Pure: time is given to it, in
 * milliseconds of any clock that never goes back.
 */
export class TokenBucket {
  private readonly intervalMs: number;
  private fullAtMs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly capacity: number,
    refillPerSecond: number,
  ) {
    this.intervalMs = 1000 / refillPerSecond;
  }

  /** Takes so many tokens and returns 0; or takes none and returns after how many whole milliseconds there will be as many. */
  take(nowMs: number, cost = 1): number {
    const waitMs = this.waitMs(nowMs, cost);
    if (waitMs === 0) this.spend(nowMs, cost);
    return waitMs;
  }

  /** What `take` would return, without taking. */
  waitMs(nowMs: number, cost = 1): number {
    const fullInMs = Math.max(0, this.fullAtMs - nowMs);
    const waitMs = fullInMs - (this.capacity - cost) * this.intervalMs;
    return waitMs <= ROUNDING_MS ? 0 : Math.ceil(waitMs);
  }

  /** Takes so many tokens, there or not, for what has happened already; returns after how many milliseconds none is owed. */
  charge(nowMs: number, cost: number): number {
    this.spend(nowMs, cost);
    return this.waitMs(nowMs, 0);
  }

  private spend(nowMs: number, cost: number): void {
    this.fullAtMs = Math.max(this.fullAtMs, nowMs) + cost * this.intervalMs;
  }
}
