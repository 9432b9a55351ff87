import { Injectable } from '@nestjs/common';
import { Config } from '../config';
import { BeelineError, type UserId } from '../shared';
import { siteOf } from './address';
import { RateStore, type Spending } from './rate-store.port';

/** So many at once, and so many in this time from then on. */
const PERIOD_MS = 5 * 60_000;
const HOUR_MS = 3_600_000;
/** On one account from one site. */
const GUESSES_PER_SITE = 10;
/** On one account from wherever, of all who have not logged in to it before. */
const GUESSES_OF_STRANGERS = 30;
/** On whatever account. */
const GUESSES_PER_ADDRESS = 300;
/** Many subscribers may share a /48. */
const GUESSES_PER_NETWORK = 1200;
const MADE_UP_REFRESHES_PER_ADDRESS = 300;
/** Nobody can guess a refresh token, and every device of a user has one: this only bounds the work. */
const REFRESHES_PER_ACCOUNT = 60;
/** With the right password: each is a record in the store. */
const LOGINS_PER_ACCOUNT = 60;

/** A guess that has been counted, and does not stay so where it was right or was never tried. */
export type Guess = readonly Spending[];

/**
 * How often somebody may try to get in. A password counts as a guess before it is hashed, and is given back where it
 * was right. Whoever comes from where the account was logged in to before has guesses of their own, so that strangers
 * lock nobody out. Registering and refreshing have rates of their own for the same reason.
 */
@Injectable()
export class AuthAttempts {
  constructor(
    private readonly config: Config,
    private readonly rates: RateStore,
  ) {}

  /** Counts a password tried on an account. `rate_limited` where it is one too many. */
  async guess(account: UserId, address: string, isKnownPlace: boolean): Promise<Guess> {
    const site = siteOf(address);
    const guess = isKnownPlace
      ? [aSpending(account, `password-known:${address}`, GUESSES_PER_SITE)]
      : [
          aSpending(address, 'auth-address', GUESSES_PER_ADDRESS),
          ...(site === address ? [] : [aSpending(site, 'auth-network', GUESSES_PER_NETWORK)]),
          aSpending(account, `password:${site}`, GUESSES_PER_SITE),
          aSpending(account, 'password', GUESSES_OF_STRANGERS),
        ];
    for (const spending of guess) await this.spend(spending);
    return guess;
  }

  async giveBack(guess: Guess): Promise<void> {
    await Promise.all(guess.map((spending) => this.rates.giveBack(spending)));
  }

  /** The password was right: `rate_limited` where that account is logged in to too often. */
  async login(account: UserId): Promise<void> {
    await this.spend(aSpending(account, 'login', LOGINS_PER_ACCOUNT));
  }

  /** `owner`: an address, or the invitation that it came with. */
  async registration(owner: string): Promise<void> {
    await this.spend(aSpending(owner, 'register', this.config.registrationsPerHour, HOUR_MS));
  }

  /** A refresh token of ours is used. */
  async refresh(account: UserId): Promise<void> {
    await this.spend(aSpending(account, 'refresh', REFRESHES_PER_ACCOUNT));
  }

  /** A refresh token that is none. */
  async madeUpRefresh(address: string): Promise<void> {
    await this.spend(aSpending(address, 'refresh-address', MADE_UP_REFRESHES_PER_ADDRESS));
  }

  private async spend(spending: Spending): Promise<void> {
    const { allowed, retryAfterMs } = await this.rates.spend(spending);
    if (!allowed) throw new BeelineError('rate_limited', 'too many attempts', { retryAfterMs });
  }
}

function aSpending(owner: string, rate: string, burst: number, periodMs = PERIOD_MS): Spending {
  return { owner, rate, cost: 1, intervalMs: periodMs / burst, burst };
}
