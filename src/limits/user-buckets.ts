import type { UserId } from '../shared';
import { TokenBucket } from './token-bucket';

/** Users whose bucket a node remembers, a few MB. */
const MAX_BUCKETS = 50_000;

/**
 * A token bucket for each user, for all their connections and requests on this node. Elsewhere they have another, so that
 * over the cluster it is bounded by the number of nodes: worth no trip to the store. Who has done nothing for the longest
 * is forgotten.
 */
export class UserBuckets {
  private readonly buckets = new Map<UserId, TokenBucket>();

  constructor(
    private readonly capacity: number,
    private readonly perSecond: number,
  ) {}

  of(user: UserId): TokenBucket {
    const bucket = this.buckets.get(user) ?? new TokenBucket(this.capacity, this.perSecond);
    // Set anew at each use: those at the front have been idle for the longest.
    this.buckets.delete(user);
    this.buckets.set(user, bucket);
    const [oldest] = this.buckets.keys();
    if (this.buckets.size > MAX_BUCKETS && oldest !== undefined) this.buckets.delete(oldest);
    return bucket;
  }
}
