import { Injectable } from '@nestjs/common';
import { Config } from '../config';
import { monotonicMs, type UserId } from '../shared';
import { UserBuckets } from './user-buckets';

/** Parsing costs CPU whatever is in it; so much passes in any case. */
const MIN_BYTES_PER_SECOND = 512 * 1024;
const SECONDS_AT_ONCE = 4;

/**
 * How many bytes of a user are read from all connections to this node: twice what the largest messages at the rate of
 * a user are. It refuses nothing: whoever is over it is read from later.
 */
@Injectable()
export class IntakeRate {
  private readonly buckets: UserBuckets;

  constructor({ sendRatePerSecond, maxBodyBytes }: Config) {
    const perSecond = Math.max(MIN_BYTES_PER_SECOND, 2 * sendRatePerSecond * maxBodyBytes);
    this.buckets = new UserBuckets(SECONDS_AT_ONCE * perSecond, perSecond);
  }

  /** Bytes have been read; returns for how many milliseconds no more should be. */
  charge(user: UserId, bytes: number): number {
    return this.buckets.of(user).charge(monotonicMs(), bytes);
  }
}
