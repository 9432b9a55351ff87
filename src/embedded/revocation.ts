import type { UserId } from '../shared';
import type { Expiring } from './changes';
import { keys } from './keys';
import { DAMAGED, type View } from './view';

/** No token of the user that was issued up to then (Unix ms) is good. It never expires. */
export interface RevokedUserRecord {
  at: number;
}

/**
 * Whether a token is revoked: all of its user's up to a time, or its login. A damaged record refuses whatever it may
 * have meant; `DELETE /admin/users/:user/sessions` writes a user's anew.
 */
export async function isTokenRevoked(
  view: View,
  user: UserId,
  loginId: string | undefined,
  issuedAt: number,
  nowMs: number,
): Promise<boolean> {
  const all = await view.find<RevokedUserRecord>(keys.revokedUser(user));
  if (all === DAMAGED || (all !== undefined && issuedAt <= all.at)) return true;
  if (loginId === undefined) return false;
  const login = await view.find<Expiring>(keys.revokedLogin(user, loginId));
  return login === DAMAGED || (login !== undefined && login.until > nowMs);
}
