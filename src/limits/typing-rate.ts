import { Injectable } from '@nestjs/common';
import { BeelineError, monotonicMs, type UserId } from '../shared';
import { UserBuckets } from './user-buckets';

/** Word of typing costs a look-up and a publish: as often as somebody can begin and stop. */
const PER_SECOND = 5;
const AT_ONCE = 20;

/** How often a user may say that they are typing. */
@Injectable()
export class TypingRate {
  private readonly buckets = new UserBuckets(AT_ONCE, PER_SECOND);

  /** One word of that user; `rate_limited` where it is one too many: one will pass after `retryAfterMs`. */
  spend(user: UserId): void {
    const retryAfterMs = this.buckets.of(user).take(monotonicMs());
    if (retryAfterMs > 0) throw new BeelineError('rate_limited', 'typing too often', { retryAfterMs });
  }
}
