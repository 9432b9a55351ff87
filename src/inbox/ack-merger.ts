import { furtherOf, type Offset, type UpTo } from '../shared';

interface Waiter {
  resolve(cursor: Offset): void;
  reject(error: unknown): void;
}

/**
 * Merges cumulative acks: one cursor write is under way per key, and those that come meanwhile become one next
 * write of the greatest offset. A client may ack every message; the store sees a few writes per round trip.
 */
export class AckMerger {
  private readonly pending = new Map<string, { upTo: UpTo; waiters: Waiter[] }>();
  private readonly running = new Set<string>();

  /** Resolves with the cursor after a write that covered `upTo`. */
  ack(key: string, upTo: UpTo, write: (upTo: UpTo) => Promise<Offset>): Promise<Offset> {
    return new Promise((resolve, reject) => {
      const next = this.pending.get(key);
      if (next === undefined) this.pending.set(key, { upTo, waiters: [{ resolve, reject }] });
      else {
        next.upTo = furtherOf(next.upTo, upTo);
        next.waiters.push({ resolve, reject });
      }
      if (!this.running.has(key)) void this.drain(key, write);
    });
  }

  private async drain(key: string, write: (upTo: UpTo) => Promise<Offset>): Promise<void> {
    this.running.add(key);
    for (let batch = this.take(key); batch !== undefined; batch = this.take(key)) {
      try {
        const cursor = await write(batch.upTo);
        for (const waiter of batch.waiters) waiter.resolve(cursor);
      } catch (error) {
        for (const waiter of batch.waiters) waiter.reject(error);
      }
    }
    this.running.delete(key);
  }

  private take(key: string): { upTo: UpTo; waiters: Waiter[] } | undefined {
    const batch = this.pending.get(key);
    this.pending.delete(key);
    return batch;
  }
}
