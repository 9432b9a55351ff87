import type { Identity } from '../auth';
import type { Grant } from '../hub';

/** What a connection needs to know of the token that it lives by. */
export function grantOf({ scopes, loginId, issuedAt, expiresAt }: Identity): Grant {
  return { scopes, loginId, issuedAt, expiresAt };
}
