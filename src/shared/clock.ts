/**
 * The store's clock as this node knows it. Every judgement of time (expiry of tokens, of leases) is made by
 * this clock and no other: the node's own wall clock may be an hour off. It is read at each renewal of the
 * lease and carried on in between by the monotonic clock, which no one can set.
 */
export class StoreClock {
  private offsetMs: number | undefined;

  /** Takes a reading: what the store said, asked at `askedAt` and heard at `heardAt` (both of `monotonicMs`). */
  set(storeNowMs: number, askedAt: number, heardAt: number): void {
    this.offsetMs = storeNowMs - (askedAt + heardAt) / 2;
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
