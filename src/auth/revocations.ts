import { Injectable } from '@nestjs/common';
import { Config } from '../config';
import { Logger } from '../logging';
import { StoreClock, type UserId } from '../shared';
import type { Identity } from './identity';
import { RevocationStore } from './revocation-store.port';

/** Which of a user's logins are ended: one, all, or all but the one that is spared. */
export type Ended = { loginId: string } | 'all' | { spared: string };

/** Ends the connections of these logins. */
export type RevocationListener = (user: UserId, ended: Ended) => Promise<void>;

/** Our own tokens run out at the next whole second. */
const EXPIRY_ROUNDING_MS = 1000;

/**
 * Ends logins, and all that a user has. Stored first: from then on no registration is let in with such a token. Only
 * then are those told who end the connections that were registered before. What that misses (a listener fails, a
 * registration was under way on a node that was not reached) the sweep finds, which asks the store again.
 */
@Injectable()
export class Revocations {
  private readonly listeners: RevocationListener[] = [];

  constructor(
    private readonly config: Config,
    private readonly store: RevocationStore,
    private readonly clock: StoreClock,
    private readonly logger: Logger,
  ) {}

  listen(listener: RevocationListener): void {
    this.listeners.push(listener);
  }

  isRevoked({ userId, loginId, issuedAt }: Identity): Promise<boolean> {
    return this.store.isRevoked(userId, loginId, issuedAt);
  }

  /** Ends a login; `expiresAt` is that of the token which was presented, 0 where none was. */
  async revokeLogin(login: Pick<Identity, 'userId' | 'loginId' | 'expiresAt'>): Promise<void> {
    const { userId, loginId } = login;
    await this.store.revokeLogin(userId, loginId, this.longestLifeMs(login));
    this.logger.info({ userId }, 'login ended');
    await this.tell(userId, { loginId });
  }

  /** Refuses every token that the user has by now, whoever issued it. */
  async revokeUser(user: UserId): Promise<void> {
    await this.store.revokeUser(user);
    await this.userRevoked(user);
  }

  /** The store has refused every token of the user, but those of the login that is spared. */
  async userRevoked(user: UserId, spared?: string): Promise<void> {
    this.logger.info({ userId: user }, 'tokens of a user refused');
    await this.tell(user, spared === undefined ? 'all' : { spared });
  }

  /**
   * Until no token of the login can be good. How long an outside issuer's others live is not known here: as long as a
   * login of ours at least, and as long as the one presented.
   */
  private longestLifeMs({ expiresAt }: Pick<Identity, 'expiresAt'>): number {
    const { tokenKey, accessTokenTtlMs, refreshTokenTtlMs } = this.config;
    const usualMs = tokenKey.kind === 'own' ? accessTokenTtlMs : refreshTokenTtlMs;
    return Math.max(expiresAt - this.clock.now(), usualMs) + EXPIRY_ROUNDING_MS;
  }

  private async tell(user: UserId, ended: Ended): Promise<void> {
    const told = await Promise.allSettled(this.listeners.map((listener) => listener(user, ended)));
    for (const outcome of told) {
      if (outcome.status === 'rejected')
        this.logger.warn(
          { err: outcome.reason as unknown, userId: user },
          'connections not ended: the sweep will',
        );
    }
  }
}
