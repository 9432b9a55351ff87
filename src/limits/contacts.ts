import { Injectable } from '@nestjs/common';
import { Config } from '../config';
import { BeelineError, monotonicMs, type UserId } from '../shared';
import { ContactStore, HOUR_MS } from './contact-store.port';
import { RecentKeys } from './recent-keys';

/** Pairs that a node remembers, a few MB. */
const MAX_PAIRS = 50_000;
/** After that the store is asked again, so that it knows which contacts are in use. */
const PAIR_KEPT_MS = HOUR_MS;

/** How many receivers a user may write to, or say that they are typing to, for the first time: what makes mass mailing slow. */
@Injectable()
export class Contacts {
  private readonly known = new RecentKeys(MAX_PAIRS, PAIR_KEPT_MS);

  constructor(
    private readonly config: Config,
    private readonly store: ContactStore,
  ) {}

  /**
   * Resolves where the sender has written to that receiver before, mostly without asking the store, or may write to
   * a new one, who then is remembered. `rate_limited` otherwise: one more is admitted after `retryAfterMs`.
   */
  async admit(sender: UserId, receiver: UserId): Promise<void> {
    const pair = `${sender}/${receiver}`;
    if (this.known.has(pair, monotonicMs())) return;
    const perHour = this.config.newReceiversPerHour;
    const { allowed, retryAfterMs } = await this.store.admit(sender, receiver, perHour);
    if (!allowed) {
      const message = `at most ${perHour} receivers not written to before may be written to in an hour`;
      throw new BeelineError('rate_limited', message, { retryAfterMs });
    }
    this.known.add(pair, monotonicMs());
  }
}
