import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Config } from '../config';
import { type Asker, AuthAttempts, type Guess } from '../limits';
import { Logger } from '../logging';
import { BeelineError, StoreClock, type UserId } from '../shared';
import { AccountStore } from './account-store.port';
import { type Identity, SCOPE_REGISTER } from './identity';
import { looksOf } from './looks';
import { DECOY_HASH, hashPassword, verifyPassword } from './password';
import { Revocations } from './revocations';
import { TokenSigner } from './token-signer';
import { TokenVerifier } from './token-verifier';

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

const WRONG = 'wrong username or password';

/**
 * Accounts kept here: register, login, refresh, change. Off where an outside issuer keeps them. Attempts are limited, per
 * account and per `address` that they come from: `rate_limited`, before anything is hashed. Hashing is done for addresses
 * in turn; whoever was here before goes ahead of strangers.
 */
@Injectable()
export class AccountService {
  private readonly signer: TokenSigner | undefined;
  private readonly reserved: ReadonlySet<string>;

  constructor(
    private readonly config: Config,
    private readonly accounts: AccountStore,
    private readonly revocations: Revocations,
    private readonly verifier: TokenVerifier,
    private readonly clock: StoreClock,
    private readonly attempts: AuthAttempts,
    private readonly logger: Logger,
  ) {
    const { tokenKey, jwtUserClaim, localAccounts } = config;
    if (localAccounts && tokenKey.kind === 'own')
      this.signer = new TokenSigner(tokenKey.secret, jwtUserClaim);
    this.reserved = new Set(config.reservedNames.flatMap(looksOf));
  }

  /**
   * `conflict` where the name is taken, reserved, or looks like another; `forbidden` where nobody may register, or only
   * with an invitation: a token with the scope `register`.
   */
  async register(
    user: UserId,
    password: string,
    address: string,
    invitation: string | undefined,
  ): Promise<TokenPair> {
    const signer = this.requireSigner();
    await this.admit(address, invitation);
    const looks = looksOf(user);
    if (looks.some((look) => this.reserved.has(look)))
      throw new BeelineError('conflict', 'this username is reserved');
    const place = placeOf(signer, user, address);
    const taken = new BeelineError('conflict', 'this username is taken');
    // Said before anything is hashed; of two at the same instant the store takes one.
    if ((await this.accounts.find(user, place)) !== undefined) throw taken;
    const passwordHash = await hashPassword(password, { address, isKnown: false });
    for (const look of looks) {
      if (!(await this.accounts.claimLook(look, user)))
        throw new BeelineError('conflict', 'this username looks like one that is taken');
    }
    if (!(await this.accounts.create(user, passwordHash))) throw taken;
    this.logger.info({ userId: user }, 'account made');
    return this.openLogin(signer, user, { place, passwordHash });
  }

  /**
   * `unauthorized` for an unknown name as for a wrong password, after the same amount of work; `forbidden` where the
   * password is right and the account is disabled.
   */
  async login(user: UserId, password: string, address: string): Promise<TokenPair> {
    const signer = this.requireSigner();
    const place = placeOf(signer, user, address);
    const account = await this.accounts.find(user, place);
    const asker = { address, isKnown: account?.isKnownPlace ?? false };
    const guess = await this.attempts.guess(user, address, asker.isKnown);
    const matches = await this.verify(password, account?.passwordHash ?? DECOY_HASH, asker, guess);
    if (account === undefined || !matches) {
      // A name that is no account's may be a password that went into the wrong field.
      this.logger.info(account === undefined ? {} : { userId: user }, 'login refused');
      throw new BeelineError('unauthorized', WRONG);
    }
    await this.attempts.giveBack(guess);
    await this.attempts.login(user);
    return this.openLogin(signer, user, { place, passwordHash: account.passwordHash });
  }

  /** Another password, and every other login of the user ends. `forbidden` where the old one is wrong. */
  async changePassword(
    { userId, loginId }: Identity,
    password: string,
    newPassword: string,
    address: string,
  ): Promise<void> {
    const account = await this.accounts.find(userId, placeOf(this.requireSigner(), userId, address));
    if (account === undefined) throw new BeelineError('not_found', 'this user has no account here');
    const asker = { address, isKnown: account.isKnownPlace };
    const guess = await this.attempts.guess(userId, address, asker.isKnown);
    if (!(await this.verify(password, account.passwordHash, asker, guess))) {
      this.logger.info({ userId }, 'password not changed');
      throw new BeelineError('forbidden', 'the password is wrong');
    }
    await this.attempts.giveBack(guess);
    const newHash = await hashPassword(newPassword, asker);
    if (!(await this.accounts.changePassword(userId, account.passwordHash, newHash, loginId)))
      throw new BeelineError('conflict', 'the password has been changed by somebody else');
    this.logger.info({ userId }, 'password changed');
    await this.revocations.userRevoked(userId, loginId);
  }

  /** A disabled account cannot log in, and its sessions end. `not_found` where there is none. */
  async setDisabled(user: UserId, isDisabled: boolean): Promise<void> {
    this.requireSigner();
    if (!(await this.accounts.setDisabled(user, isDisabled)))
      throw new BeelineError('not_found', 'this user has no account here');
    this.logger.info({ userId: user, isDisabled }, 'account disabled or enabled');
    if (isDisabled) await this.revocations.userRevoked(user);
  }

  /** `unauthorized` where the token is not ours, is used up, or its login has ended. */
  async refresh(token: string, address: string): Promise<TokenPair> {
    const signer = this.requireSigner();
    const used = signer.readRefresh(token);
    if (used === undefined) {
      await this.attempts.madeUpRefresh(address);
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

  private async admit(address: string, invitation: string | undefined): Promise<void> {
    const { registration } = this.config;
    if (registration === 'open') return this.attempts.registration(address);
    if (registration === 'off' || invitation === undefined)
      throw new BeelineError(
        'forbidden',
        registration === 'off' ? 'nobody may register here' : 'registering needs an invitation',
      );
    const identity = await this.verifier.verify(invitation);
    if (!identity.scopes.has(SCOPE_REGISTER) || (await this.revocations.isRevoked(identity)))
      throw new BeelineError('forbidden', 'the invitation is none, or has been revoked');
    return this.attempts.registration(`invitation-${identity.loginId}`);
  }

  private async openLogin(
    signer: TokenSigner,
    user: UserId,
    from: { place: string; passwordHash: string },
  ): Promise<TokenPair> {
    const loginId = randomBytes(16).toString('base64url');
    const opened = await this.accounts.openLogin(user, loginId, this.config.refreshTokenTtlMs, from);
    if (opened === 'disabled') throw new BeelineError('forbidden', 'this account is disabled');
    if (opened === 'changed') throw new BeelineError('unauthorized', WRONG);
    this.logger.debug({ userId: user }, 'login opened');
    return this.pair(signer, user, loginId, 1, opened);
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

  /** A password that lost its place in the queue was not tried. */
  private async verify(password: string, hash: string, asker: Asker, guess: Guess): Promise<boolean> {
    try {
      return await verifyPassword(password, hash, asker);
    } catch (error) {
      await this.attempts.giveBack(guess);
      throw error;
    }
  }
}

/** Where somebody comes from, without telling it: only whoever has the key can try addresses. */
function placeOf(signer: TokenSigner, user: UserId, address: string): string {
  return signer.digestOf(`place ${user} ${address}`);
}
