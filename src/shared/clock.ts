/** Further off than two clocks drift apart between two readings: the store's clock has been set. */
const STEP_MS = 1000;
/** A clock that was set for a moment (a failover, a machine that was resumed) is not believed before it has stayed so. */
const BELIEVED_AFTER_MS = 10_000;

/**
 * The store's clock as this node knows it. Every judgement of time (expiry of tokens, of leases) is made by
 * this clock and no other: the node's own wall clock may be an hour off. It is read at each renewal of the
 * lease and carried on in between by the monotonic clock, which no one can set. Where the store's clock is set, it is
 * followed only when it has stayed so for ten seconds: for a moment's error nobody's token runs out.
 */
export class StoreClock {
  private offsetMs: number | undefined;
  private step: { offsetMs: number; sinceMs: number } | undefined;

  /** Takes a reading: what the store said, asked at `askedAt` and heard at `heardAt` (both of `monotonicMs`). */
  set(storeNowMs: number, askedAt: number, heardAt: number): void {
    const offsetMs = storeNowMs - (askedAt + heardAt) / 2;
    const toleranceMs = STEP_MS + (heardAt - askedAt) / 2;
    const isNear = (known: number): boolean => Math.abs(offsetMs - known) <= toleranceMs;
    if (this.offsetMs !== undefined && !isNear(this.offsetMs)) {
      if (this.step === undefined || !isNear(this.step.offsetMs)) this.step = { offsetMs, sinceMs: heardAt };
      if (heardAt - this.step.sinceMs < BELIEVED_AFTER_MS) return;
    }
    this.step = undefined;
    this.offsetMs = offsetMs;
  }

  /** Unix ms by the store. Before the first reading, which start-up waits for, the node's own clock. */
  now(): number {
    return this.offsetMs === undefined ? Date.now() : Math.round(this.offsetMs + monotonicMs());
  }
}

/** Milliseconds that only ever grow, from an arbitrary beginning. */
export function monotonicMs(): number {
  return performance.now();
}
