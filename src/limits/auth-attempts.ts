import { Injectable } from '@nestjs/common';
import { BeelineError, type UserId } from '../shared';
import { RateStore } from './rate-store.port';

/** So many at once, and so many in this time from then on. */
const PERIOD_MS = 5 * 60_000;
const PASSWORDS_PER_ACCOUNT = 10;
const ATTEMPTS_PER_ADDRESS = 300;
/** Nobody can guess a refresh token, and every device of a user has one: this only bounds the work. */
const REFRESHES_PER_ACCOUNT = 60;

/**
 * How often somebody may try to get in: every attempt counts, good or bad, and is counted before anything is hashed.
 * Refreshing has a rate of its own: whoever tries passwords on an account must not end the logins that it has.
 */
@Injectable()
export class AuthAttempts {
  constructor(private readonly rates: RateStore) {}

  /** A password tried on an account, or to make one. `rate_limited` where it is one too many. */
  async password(account: UserId, address: string): Promise<void> {
    await this.fromAddress(address);
    await this.spend(account, 'password', PASSWORDS_PER_ACCOUNT);
  }

  /** A refresh token of ours is used. */
  async refresh(account: UserId): Promise<void> {
    await this.spend(account, 'refresh', REFRESHES_PER_ACCOUNT);
  }

  /** Anything tried from an address that does not show by itself that it has been let in before. */
  async fromAddress(address: string): Promise<void> {
    await this.spend(address, 'auth-address', ATTEMPTS_PER_ADDRESS);
  }

  private async spend(owner: string, rate: string, burst: number): Promise<void> {
    const intervalMs = PERIOD_MS / burst;
    const { allowed, retryAfterMs } = await this.rates.spend({ owner, rate, cost: 1, intervalMs, burst });
    if (!allowed) throw new BeelineError('rate_limited', 'too many attempts', { retryAfterMs });
  }
}
