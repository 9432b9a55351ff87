import type { UserId } from '../shared';
import type { Changes, Expiring } from './changes';
import { keys } from './keys';
import { DAMAGED, type View } from './view';

/** No token of the user that was issued up to then (Unix ms) is good, but those of one login. It never expires. */
export interface RevokedUserRecord {
  at: number;
  spared?: string;
}

/**
 * Up to when all tokens of a user are refused, those of this login looked at; undefined where none is, for ever where the
 * record is damaged. One that was written by a clock set back since means now, when it is first met: `changes` say so, and
 * who gets a token after that is let in.
 */
export async function revokedUpto(
  view: View,
  changes: Changes,
  user: UserId,
  loginId: string | undefined,
  nowMs: number,
): Promise<number | undefined> {
  const record = await view.find<RevokedUserRecord>(keys.revokedUser(user));
  if (record === DAMAGED) return Infinity;
  if (record === undefined) return undefined;
  const { at, spared } = record;
  if (at > nowMs) {
    const moved: RevokedUserRecord = { ...record, at: nowMs };
    changes.put(keys.revokedUser(user), moved);
  }
  return spared !== undefined && spared === loginId ? undefined : Math.min(at, nowMs);
}

/**
 * Whether a token is revoked: all of its user's up to a time, or its login. A damaged record refuses whatever it may
 * have meant; `DELETE /admin/users/:user/sessions` writes a user's anew.
 */
export async function isTokenRevoked(
  view: View,
  changes: Changes,
  user: UserId,
  loginId: string | undefined,
  issuedAt: number,
  nowMs: number,
): Promise<boolean> {
  const upto = await revokedUpto(view, changes, user, loginId, nowMs);
  if (upto !== undefined && issuedAt <= upto) return true;
  if (loginId === undefined) return false;
  const login = await view.find<Expiring>(keys.revokedLogin(user, loginId));
  return login === DAMAGED || (login !== undefined && login.until > nowMs);
}
