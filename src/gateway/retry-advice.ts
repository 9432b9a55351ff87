const LEAST_MS = 1000;
const MOST_MS = 5000;
/** The wait is as long again after each such time that the cause has lasted. */
const GROWS_EVERY_MS = 10_000;
const MAX_FACTOR = 12;
/** Nobody is told to wait longer, so a cause that nobody has met for twice that is over. */
const OVER_AFTER_MS = 2 * MAX_FACTOR * MOST_MS;

/**
 * How long those who are refused before their session should wait: from one second to five, spread by chance, so that
 * they do not come back in step; and longer the longer the cause lasts. One of these for each cause.
 */
export class RetryAdvice {
  private begunAtMs = -Infinity;
  private lastAtMs = -Infinity;

  constructor(private readonly random: () => number = Math.random) {}

  /** The cause has been met: how long it has lasted, and how long to wait (ms, whole). */
  met(nowMs: number): { lastedMs: number; retryAfterMs: number } {
    if (nowMs - this.lastAtMs > OVER_AFTER_MS) this.begunAtMs = nowMs;
    this.lastAtMs = nowMs;
    const lastedMs = nowMs - this.begunAtMs;
    const factor = Math.min(1 + lastedMs / GROWS_EVERY_MS, MAX_FACTOR);
    return { lastedMs, retryAfterMs: Math.ceil(factor * (LEAST_MS + this.random() * (MOST_MS - LEAST_MS))) };
  }

  /** The cause is gone: the next one begins anew. */
  over(): void {
    this.lastAtMs = -Infinity;
  }
}
