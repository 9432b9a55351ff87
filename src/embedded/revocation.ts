import type { UserId } from '../shared';
import { keys } from './keys';
import type { View } from './view';

/** No token of the user that was issued up to then (Unix ms) is good. It never expires. */
export interface RevokedUserRecord {
  at: number;
}

/** Whether a token is revoked: all of its user's up to a time, or its login. */
export async function isTokenRevoked(
  view: View,
  user: UserId,
  loginId: string | undefined,
  issuedAt: number,
  nowMs: number,
): Promise<boolean> {
  const all = await view.read<RevokedUserRecord>(keys.revokedUser(user));
  if (all !== undefined && issuedAt <= all.at) return true;
  if (loginId === undefined) return false;
  return (await view.readLiving(keys.revokedLogin(user, loginId), nowMs)) !== undefined;
}
