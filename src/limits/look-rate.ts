import { Injectable } from '@nestjs/common';
import { BeelineError, monotonicMs, type UserId } from '../shared';
import { UserBuckets } from './user-buckets';

/** What a look-up costs: one for each user or message that is asked about. */
const PER_SECOND = 2000;
const AT_ONCE = 20_000;
/** And one for each of these in the answer. */
const BYTES_PER_TOKEN = 1024;

/** How much a user may ask, over REST and all connections of this node: a user pays for what a request costs. */
@Injectable()
export class LookRate {
  private readonly buckets = new UserBuckets(AT_ONCE, PER_SECOND);

  /** `rate_limited` where it is too much: it will pass after `retryAfterMs`. */
  spend(user: UserId, cost: number): void {
    const retryAfterMs = this.buckets.of(user).take(monotonicMs(), cost);
    if (retryAfterMs > 0) throw new BeelineError('rate_limited', 'asking for too much', { retryAfterMs });
  }

  /** What an answer turned out to hold is paid for before the next question. */
  charge(user: UserId, bytes: number): void {
    this.buckets.of(user).charge(monotonicMs(), bytes / BYTES_PER_TOKEN);
  }
}
