import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Config } from '../config';
import { AuthAttempts } from '../limits';
import { Logger } from '../logging';
import { BeelineError, StoreClock, type UserId } from '../shared';
import { AccountStore } from './account-store.port';
import { hashPassword, verifyPassword } from './password';
import { Revocations } from './revocations';
import { TokenSigner } from './token-signer';

/** What a login or a refresh gives, as in RFC 6749. */
export interface TokenPair {
  accessToken: string;
  tokenType: 'Bearer';
  /** Seconds. */
  expiresIn: number;
  refreshToken: string;
}

/** A refresh token used a second time within this is answered the same again: the first answer was lost. */
const REFRESH_GRACE_MS = 30_000;

/**
 * Accounts kept here: register, login, refresh. Off where an outside issuer keeps them. Attempts are limited, per
 * account and per `address` that they come from: `rate_limited`, before any work is done.
 */
@Injectable()
export class AccountService {
  private readonly signer: TokenSigner | undefined;
  private decoyHash: Promise<string> | undefined;

  constructor(
    private readonly config: Config,
    private readonly accounts: AccountStore,
    private readonly revocations: Revocations,
    private readonly clock: StoreClock,
    private readonly attempts: AuthAttempts,
    private readonly logger: Logger,
  ) {
    const { tokenKey, jwtUserClaim, localAccounts } = config;
    if (localAccounts && tokenKey.kind === 'own')
      this.signer = new TokenSigner(tokenKey.secret, jwtUserClaim);
  }

  /** `conflict` where the name is taken. */
  async register(user: UserId, password: string, address: string): Promise<TokenPair> {
    const signer = this.requireSigner();
    await this.attempts.password(user, address);
    if (!(await this.accounts.create(user, await hashPassword(password)))) {
      throw new BeelineError('conflict', 'this username is taken');
    }
    this.logger.info({ userId: user }, 'account made');
    return this.openLogin(signer, user);
  }

  /** `unauthorized` for an unknown name as for a wrong password, after the same amount of work. */
  async login(user: UserId, password: string, address: string): Promise<TokenPair> {
    const signer = this.requireSigner();
    await this.attempts.password(user, address);
    const hash = await this.accounts.findPasswordHash(user);
    const matches = await verifyPassword(password, hash ?? (await this.decoy()));
    if (hash === undefined || !matches) {
      // A name that is no account's may be a password that went into the wrong field.
      this.logger.info(hash === undefined ? {} : { userId: user }, 'login refused');
      throw new BeelineError('unauthorized', 'wrong username or password');
    }
    return this.openLogin(signer, user);
  }

  /** `unauthorized` where the token is not ours, is used up, or its login has ended. */
  async refresh(token: string, address: string): Promise<TokenPair> {
    const signer = this.requireSigner();
    const used = signer.readRefresh(token);
    if (used === undefined) {
      await this.attempts.fromAddress(address);
      throw new BeelineError('unauthorized', 'the refresh token is not valid');
    }
    const { userId, loginId, generation } = used;
    await this.attempts.refresh(userId);
    const ttlMs = this.config.refreshTokenTtlMs;
    const rotation = await this.accounts.rotateLogin(userId, loginId, generation, REFRESH_GRACE_MS, ttlMs);
    if (rotation.outcome !== 'rotated') {
      this.logger.warn({ userId, outcome: rotation.outcome }, 'refresh refused');
      // The store has ended it. Its connections hear of it here, as after a log-out.
      if (rotation.outcome === 'revoked')
        await this.revocations.revokeLogin({ userId, loginId, expiresAt: 0 });
      const why =
        rotation.outcome === 'revoked'
          ? 'is of a login that has been ended, or was used before: that ends it too'
          : 'belongs to no login';
      throw new BeelineError('unauthorized', `the refresh token ${why}`);
    }
    return this.pair(signer, userId, loginId, generation + 1, rotation.at);
  }

  private async openLogin(signer: TokenSigner, user: UserId): Promise<TokenPair> {
    const loginId = randomBytes(16).toString('base64url');
    this.logger.debug({ userId: user }, 'login opened');
    const openedAt = await this.accounts.openLogin(user, loginId, this.config.refreshTokenTtlMs);
    return this.pair(signer, user, loginId, 1, openedAt);
  }

  private pair(
    signer: TokenSigner,
    userId: UserId,
    loginId: string,
    generation: number,
    at: number,
  ): TokenPair {
    const ttlMs = this.config.accessTokenTtlMs;
    // Nodes believe a step of the store's clock only when it has stayed: nobody is locked out until then.
    const issuedAt = Math.min(at, this.clock.now() + this.config.jwtClockToleranceMs);
    return {
      accessToken: signer.signAccess(userId, issuedAt, ttlMs, { sid: loginId, ...this.issuerClaims() }),
      tokenType: 'Bearer',
      expiresIn: Math.ceil(ttlMs / 1000),
      refreshToken: signer.signRefresh({ userId, loginId, generation }),
    };
  }

  /** What the verifier asks of every token, our own included. */
  private issuerClaims(): Record<string, string> {
    const { jwtIssuer, jwtAudience } = this.config;
    return { ...(jwtIssuer && { iss: jwtIssuer }), ...(jwtAudience && { aud: jwtAudience }) };
  }

  private requireSigner(): TokenSigner {
    if (this.signer === undefined) throw new BeelineError('not_found', 'accounts are not kept here');
    return this.signer;
  }

  private decoy(): Promise<string> {
    this.decoyHash ??= hashPassword('no account has this hash').catch((error: unknown) => {
      // Refused for want of room: made by the next who needs it.
      this.decoyHash = undefined;
      throw error;
    });
    return this.decoyHash;
  }
}
