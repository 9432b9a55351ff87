import { Injectable } from '@nestjs/common';
import { BeelineError, monotonicMs, type UserId } from '../shared';
import { TokenBucket } from './token-bucket';

/** Word of typing costs a look-up and a publish: as often as somebody can begin and stop. */
const PER_SECOND = 5;
const AT_ONCE = 20;
/** Users whose bucket a node remembers, a few MB. */
const MAX_BUCKETS = 50_000;

/**
 * How often a user may say that they are typing: one bucket for all their connections on this node. Elsewhere they have
 * another one, so that over the cluster it is bounded by the number of nodes, and that is all: it is worth no trip to
 * the store. What is remembered is bounded in number; who has said nothing for the longest is forgotten. A bucket is
 * full again after four seconds, so that nobody gains by it unless as many others have spoken on this node since.
 */
@Injectable()
export class TypingRate {
  private readonly buckets = new Map<UserId, TokenBucket>();

  /** One word of that user; `rate_limited` where it is one too many: one will pass after `retryAfterMs`. */
  spend(user: UserId): void {
    const retryAfterMs = this.bucketOf(user).take(monotonicMs());
    if (retryAfterMs > 0) throw new BeelineError('rate_limited', 'typing too often', { retryAfterMs });
  }

  private bucketOf(user: UserId): TokenBucket {
    const bucket = this.buckets.get(user) ?? new TokenBucket(AT_ONCE, PER_SECOND);
    // Set anew at each use: those at the front have been idle for the longest.
    this.buckets.delete(user);
    this.buckets.set(user, bucket);
    const [oldest] = this.buckets.keys();
    if (this.buckets.size > MAX_BUCKETS && oldest !== undefined) this.buckets.delete(oldest);
    return bucket;
  }
}
