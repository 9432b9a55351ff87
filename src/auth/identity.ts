import type { UserId } from '../shared';

/** Who a valid token speaks for. */
export interface Identity {
  userId: UserId;
  scopes: ReadonlySet<string>;
  /** The login that the token belongs to: its `sid`, else its `jti`, else the token itself (login-id.ts). */
  loginId: string;
  /**
   * Unix ms; 0 where the token does not say. Tokens issued up to a revocation are refused. Of an outside issuer, whose
   * clock may be ahead, the earliest that it can have been by ours.
   */
  issuedAt: number;
  /** Unix ms, to be held against the store's clock. */
  expiresAt: number;
}

/** May send on another user's behalf. */
export const SCOPE_SEND_ANY = 'send:any';
/** Lets whoever shows it register where that needs an invitation. */
export const SCOPE_REGISTER = 'register';
/** May do what `/admin` offers. */
export const SCOPE_ADMIN = 'admin';
