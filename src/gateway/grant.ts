import type { Identity } from '../auth';
import type { Grant } from '../hub';

/** What a connection needs to know of the token that it lives by. */
export function grantOf({ loginId, issuedAt, expiresAt }: Identity): Grant {
  return { loginId, issuedAt, expiresAt };
}
