import { Injectable } from '@nestjs/common';
import { Config } from '../config';
import { Logger } from '../logging';
import { BeelineError, monotonicMs, type UserId } from '../shared';
import { RateStore } from './rate-store.port';
import { SettledBucket, settlingCost } from './settled-bucket';

/** Users whose bucket a node remembers, a few MB; whoever has sent nothing for the longest is settled and forgotten. */
const MAX_BUCKETS = 50_000;
const BURST_SECONDS = 2;

/**
 * How fast a user may send, over REST and every connection of every node. A bucket on this node answers, without a
 * trip to the store; the store's bucket, told half a second's worth at a time and off the answer's path, holds a user
 * who is on several nodes to the same rate in the long run (docs/decisions/0008).
 */
@Injectable()
export class SendRate {
  private readonly buckets = new Map<UserId, SettledBucket>();
  private readonly ratePerSecond: number;
  private readonly burst: number;

  constructor(
    config: Config,
    private readonly rates: RateStore,
    private readonly logger: Logger,
  ) {
    this.ratePerSecond = config.sendRatePerSecond;
    this.burst = BURST_SECONDS * config.sendRatePerSecond;
  }

  /** One message of that user; `rate_limited` where it is one too many: one will pass after `retryAfterMs`. */
  spend(user: UserId): void {
    const bucket = this.bucketOf(user);
    const retryAfterMs = bucket.take(monotonicMs());
    if (retryAfterMs > 0) {
      const message = `at most ${this.ratePerSecond} messages a second may be sent`;
      throw new BeelineError('rate_limited', message, { retryAfterMs });
    }
    this.settle(user, bucket, bucket.beginSettling());
  }

  private bucketOf(user: UserId): SettledBucket {
    const bucket = this.buckets.get(user) ?? new SettledBucket(this.ratePerSecond, this.burst);
    // Set anew at each use: those at the front have been idle for the longest.
    this.buckets.delete(user);
    this.buckets.set(user, bucket);
    if (this.buckets.size > MAX_BUCKETS) this.forgetOldest();
    return bucket;
  }

  private forgetOldest(): void {
    for (const [user, bucket] of this.buckets) {
      this.buckets.delete(user);
      this.settle(user, bucket, bucket.beginLast());
      return;
    }
  }

  /** The store tolerates one settling more than the burst: of a user on one node alone it never complains. */
  private settle(user: UserId, bucket: SettledBucket, cost: number): void {
    if (cost === 0) return;
    const burst = this.burst + settlingCost(this.ratePerSecond);
    this.rates.charge({ owner: user, rate: 'send', cost, intervalMs: 1000 / this.ratePerSecond, burst }).then(
      ({ retryAfterMs }) => {
        bucket.settled(retryAfterMs, monotonicMs());
        this.settle(user, bucket, bucket.beginSettling());
      },
      (err: unknown) => {
        bucket.notSettled();
        this.logger.debug({ err, userId: user }, 'send rate not settled: this node decides alone');
      },
    );
  }
}
