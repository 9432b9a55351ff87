import type { UserId } from '../shared';

/** Which tokens are refused though their signature and dates are good. Outlives restarts. */
export abstract class RevocationStore {
  /**
   * Ends one login, its refresh tokens in the same step. Remembered for `ttlMs` at least: until then every access
   * token of it must have run out. Unknown logins are fine.
   */
  abstract revokeLogin(user: UserId, loginId: string, ttlMs: number): Promise<void>;

  /**
   * Refuses every token of the user issued up to now, by the store's clock; never set back. Never expires: a token of
   * an outside issuer can live for any time, so there is no day from which on it could be forgotten.
   */
  abstract revokeUser(user: UserId): Promise<void>;

  /** Whether a token of that login, issued then (Unix ms by the store), is refused. One trip. */
  abstract isRevoked(user: UserId, loginId: string | undefined, issuedAt: number): Promise<boolean>;
}
