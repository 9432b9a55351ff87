import { Injectable } from '@nestjs/common';
import { Config } from '../config';
import { Logger } from '../logging';
import { BeelineError, monotonicMs, type UserId } from '../shared';
import { RateStore } from './rate-store.port';

const DAY_MS = 24 * 3_600_000;
/** The store is told so much at a time, or a hundredth of what a day has. */
const SETTLED_BYTES = 64 * 1024;
/** Users that a node remembers, a few MB; of one who is forgotten less than that has not been told. */
const MAX_SPENDERS = 50_000;

interface Spender {
  unsettled: number;
  isSettling: boolean;
  closedUntilMs: number;
}

/**
 * How many bytes a user may send in a day, over every node: what keeps a few accounts from filling the store. The store's
 * bucket counts; it is told now and then, off the answer's path, so that each node may let through a little more.
 */
@Injectable()
export class SendBytes {
  private readonly spenders = new Map<UserId, Spender>();
  private readonly perDay: number;
  private readonly settleAt: number;

  constructor(
    config: Config,
    private readonly rates: RateStore,
    private readonly logger: Logger,
  ) {
    this.perDay = config.sendBytesPerDay;
    this.settleAt = Math.min(SETTLED_BYTES, this.perDay / 100);
  }

  /** `rate_limited` where the day's bytes are spent: some will be there after `retryAfterMs`. */
  spend(user: UserId, bytes: number): void {
    const spender = this.spenderOf(user);
    const retryAfterMs = Math.ceil(spender.closedUntilMs - monotonicMs());
    if (retryAfterMs > 0) {
      const message = `at most ${this.perDay} bytes may be sent in a day`;
      throw new BeelineError('rate_limited', message, { retryAfterMs });
    }
    spender.unsettled += bytes;
    this.settle(user, spender);
  }

  private spenderOf(user: UserId): Spender {
    const spender = this.spenders.get(user) ?? { unsettled: 0, isSettling: false, closedUntilMs: 0 };
    // Set anew at each use: those at the front have been idle for the longest.
    this.spenders.delete(user);
    this.spenders.set(user, spender);
    const [oldest] = this.spenders.keys();
    if (this.spenders.size > MAX_SPENDERS && oldest !== undefined) this.spenders.delete(oldest);
    return spender;
  }

  private settle(user: UserId, spender: Spender): void {
    if (spender.isSettling || spender.unsettled < this.settleAt) return;
    const cost = spender.unsettled;
    spender.unsettled = 0;
    spender.isSettling = true;
    const spending = {
      owner: user,
      rate: 'bytes',
      cost,
      intervalMs: DAY_MS / this.perDay,
      burst: this.perDay,
    };
    this.rates
      .charge(spending)
      .then(
        ({ retryAfterMs }) => {
          spender.closedUntilMs = monotonicMs() + retryAfterMs;
        },
        (err: unknown) => {
          // What could not be told is told with the next.
          spender.unsettled += cost;
          this.logger.debug({ err, userId: user }, 'bytes not settled: told with the next');
        },
      )
      .finally(() => {
        spender.isSettling = false;
      });
  }
}
