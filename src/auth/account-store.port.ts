import type { UserId } from '../shared';

/** What using a refresh token came to. `at` is by the store, Unix ms, and the same for a repeat within the grace. */
export type Rotation = { outcome: 'rotated'; at: number } | { outcome: 'unknown' } | { outcome: 'revoked' };

/** What is to be known of an account before a password is looked at. */
export interface Account {
  passwordHash: string;
  /** Whether it was logged in to from that place before. */
  isKnownPlace: boolean;
}

/** Places from which an account was logged in to: that many of the latest are kept. */
export const MAX_PLACES = 20;

/** Local accounts and their logins. */
export abstract class AccountStore {
  /** Adds an account; false where the name is taken. Of two at the same instant one gets true. Never expires. */
  abstract create(user: UserId, passwordHash: string): Promise<boolean>;

  /** `place`: what `openLogin` is given for where a login comes from. */
  abstract find(user: UserId, place: string): Promise<Account | undefined>;

  /**
   * Puts another hash in the place of that one, and refuses in the same step every token issued up to then
   * (revocation-store.port.ts) but those of one login. False where that hash is not the one that is stored.
   */
  abstract changePassword(user: UserId, from: string, to: string, spared: string): Promise<boolean>;

  /**
   * A disabled account is given no login; disabling refuses in the same step every token issued up to then. False where
   * there is no such account.
   */
  abstract setDisabled(user: UserId, isDisabled: boolean): Promise<boolean>;

  /**
   * Keeps what a name looks like for that user. False where it is kept for another. Of two at the same instant one gets
   * it. Never expires. `look` is opaque, of the letters that are in ids.
   */
  abstract claimLook(look: string, user: UserId): Promise<boolean>;

  /**
   * Opens a login with refresh generation 1, gone after `ttlMs` without a rotation, and remembers the place with the
   * account, where there is one. Returns when, by the store; or why not: the account is disabled, or another password
   * has taken the place of the one that was looked at.
   */
  abstract openLogin(
    user: UserId,
    loginId: string,
    ttlMs: number,
    from: { place: string; passwordHash: string },
  ): Promise<number | 'disabled' | 'changed'>;

  /**
   * Atomically uses generation `generation`: the newest moves on, the one before it is answered the same again
   * for `graceMs`, anything older ends the login, its access tokens too (for `ttlMs`); so does a revocation of the user (revocation-store.port.ts) that
   * came with or after the last use.
   */
  abstract rotateLogin(
    user: UserId,
    loginId: string,
    generation: number,
    graceMs: number,
    ttlMs: number,
  ): Promise<Rotation>;
}
