import { Injectable } from '@nestjs/common';
import { Config } from '../config';
import { Logger } from '../logging';
import { BeelineError, monotonicMs, type UserId } from '../shared';
import { RateStore } from './rate-store.port';
import { SettledBucket, settlingCost } from './settled-bucket';

/** Users whose bucket a node remembers, a few MB; whoever has sent nothing for the longest is settled and forgotten. */
const MAX_BUCKETS = 50_000;
const BURST_SECONDS = 2;

/** Which rate a message is counted against: a user's, or that of another backend (scope `send:any`). */
export type RateName = 'send' | 'backend';

interface Spender {
  user: UserId;
  rate: RateName;
  bucket: SettledBucket;
}

/**
 * How fast a user may send, over REST and every connection of every node. A bucket on this node answers, without a
 * trip to the store; the store's bucket, told half a second's worth at a time and off the answer's path, holds a user
 * who is on several nodes to the same rate in the long run (docs/decisions/0008).
 */
@Injectable()
export class SendRate {
  private readonly buckets = new Map<string, Spender>();
  private readonly ratesPerSecond: Readonly<Record<RateName, number>>;

  constructor(
    config: Config,
    private readonly rates: RateStore,
    private readonly logger: Logger,
  ) {
    this.ratesPerSecond = { send: config.sendRatePerSecond, backend: config.backendSendRatePerSecond };
  }

  /**
   * One message of that user, or of that backend, which has a rate of its own; `rate_limited` where it is one too many: one
   * will pass after `retryAfterMs`.
   */
  spend(user: UserId, rate: RateName): void {
    const spender = this.spenderOf(user, rate);
    const retryAfterMs = spender.bucket.take(monotonicMs());
    if (retryAfterMs > 0) {
      const message = `at most ${this.ratesPerSecond[rate]} messages a second may be sent`;
      throw new BeelineError('rate_limited', message, { retryAfterMs });
    }
    this.settle(spender, spender.bucket.beginSettling());
  }

  private spenderOf(user: UserId, rate: RateName): Spender {
    const key = `${rate}/${user}`;
    const perSecond = this.ratesPerSecond[rate];
    const spender = this.buckets.get(key) ?? {
      user,
      rate,
      bucket: new SettledBucket(perSecond, BURST_SECONDS * perSecond),
    };
    // Set anew at each use: those at the front have been idle for the longest.
    this.buckets.delete(key);
    this.buckets.set(key, spender);
    if (this.buckets.size > MAX_BUCKETS) this.forgetOldest();
    return spender;
  }

  private forgetOldest(): void {
    for (const [key, spender] of this.buckets) {
      this.buckets.delete(key);
      this.settle(spender, spender.bucket.beginLast());
      return;
    }
  }

  /** The store tolerates one settling more than the burst: of a user on one node alone it never complains. */
  private settle(spender: Spender, cost: number): void {
    if (cost === 0) return;
    const { user, rate, bucket } = spender;
    const perSecond = this.ratesPerSecond[rate];
    const burst = BURST_SECONDS * perSecond + settlingCost(perSecond);
    this.rates.charge({ owner: user, rate, cost, intervalMs: 1000 / perSecond, burst }).then(
      ({ retryAfterMs }) => {
        bucket.settled(retryAfterMs, monotonicMs());
        this.settle(spender, bucket.beginSettling());
      },
      (err: unknown) => {
        bucket.notSettled();
        this.logger.debug({ err, userId: user }, 'send rate not settled: this node decides alone');
      },
    );
  }
}
