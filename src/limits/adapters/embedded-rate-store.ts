import { Injectable } from '@nestjs/common';
import { EmbeddedDatabase } from '../../embedded';
import { setBackSince } from '../../shared';
import { spendFrom } from '../bucket-level';
import { RateStore, type Spending, type Spent } from '../rate-store.port';

/** Looked through for what is full again whenever there are twice as many as were left the last time. */
const MIN_BEFORE_LOOKING = 1000;

/** In memory: one process has the embedded store, and a rate is of no use to the next one. */
@Injectable()
export class EmbeddedRateStore extends RateStore {
  /** When each bucket will be full again, and when that was written; one that is full need not be here. */
  private readonly buckets = new Map<string, { fullAtMs: number; writtenMs: number }>();
  private lookAtSize = MIN_BEFORE_LOOKING;

  constructor(private readonly database: EmbeddedDatabase) {
    super();
  }

  override spend(spending: Spending): Promise<Spent> {
    return this.take(spending, false);
  }

  override charge(spending: Spending): Promise<Spent> {
    return this.take(spending, true);
  }

  private async take(spending: Spending, intoDebt: boolean): Promise<Spent> {
    const nowMs = this.database.now();
    const key = `${spending.owner}/${spending.rate}`;
    const known = this.buckets.get(key) ?? { fullAtMs: 0, writtenMs: 0 };
    const before = known.fullAtMs - setBackSince(known.writtenMs, nowMs);
    const { fullAtMs, overMs } = spendFrom(before, nowMs, spending);
    const isSpent = overMs === 0 || intoDebt;
    if (isSpent || before !== known.fullAtMs) {
      this.buckets.set(key, { fullAtMs: isSpent ? fullAtMs : before, writtenMs: nowMs });
    }
    if (this.buckets.size >= this.lookAtSize) this.forgetFull(nowMs);
    return { allowed: overMs === 0, retryAfterMs: overMs };
  }

  private forgetFull(nowMs: number): void {
    for (const [key, { fullAtMs }] of this.buckets) if (fullAtMs <= nowMs) this.buckets.delete(key);
    this.lookAtSize = Math.max(MIN_BEFORE_LOOKING, 2 * this.buckets.size);
  }
}
