import type { UserId } from '../shared';

/** What using a refresh token came to. `at` is by the store, Unix ms, and the same for a repeat within the grace. */
export type Rotation = { outcome: 'rotated'; at: number } | { outcome: 'unknown' } | { outcome: 'revoked' };

/** Local accounts and their logins. */
export abstract class AccountStore {
  /** Adds an account; false where the name is taken. Of two at the same instant one gets true. Never expires. */
  abstract create(user: UserId, passwordHash: string): Promise<boolean>;

  abstract findPasswordHash(user: UserId): Promise<string | undefined>;

  /** Opens a login with refresh generation 1, gone after `ttlMs` without a rotation. Returns when, by the store. */
  abstract openLogin(user: UserId, loginId: string, ttlMs: number): Promise<number>;

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
