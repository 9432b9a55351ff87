import type { Channel, ClientId, MessageId, NodeId, Offset, UserId } from '../shared';

/**
 * Every key of the embedded store. Keys are ordered as text and their parts are separated by `/`, which is in no
 * id: no two keys can be equal, and what belongs together is one range.
 *
 *     inbox/<user>/<channel>/<ms>-<n>         one message: prev, number, bytes before it, draft (stored-entry.ts)
 *     state/<user>/<channel>                  where that inbox stands, and its cursors (inbox-record.ts)
 *     presence/<user>                         the user's connections (presence-record.ts)
 *     watchers/<user>                         nodes that want to be told of changes of that
 *     seen/<user>                             when the last connection ended
 *     sent/<to>/<channel>/<from>/<clientId>   the dedupe record
 *     account/<user>                          a local account
 *     look/<look>                             who has the name that looks like this
 *     login/<user>/<login>                    one login of it
 *     revoked/<user>                          since when that user's older tokens are refused; never expires
 *     revoked/<user>/<login>                  that login has ended
 *     blocks/<user>                           whom the user has blocked
 *     contacts/<user>                         whom the user has written to
 *     lease/<node>                            when the node's lease runs out
 *     due/<ms>/<key>                          when to look whether that key has expired (expiry.ts)
 *
 * The numbers in `inbox` and `due` have leading zeros to sixteen digits, so that their order as text is their order.
 */
export const keys = {
  entry: (user: UserId, channel: Channel, offset: Offset): string =>
    `inbox/${user}/${channel}/${paddedOffset(offset)}`,
  state: (user: UserId, channel: Channel): string => `state/${user}/${channel}`,
  presence: (user: UserId): string => `presence/${user}`,
  watchers: (user: UserId): string => `watchers/${user}`,
  seen: (user: UserId): string => `seen/${user}`,
  sent: (to: UserId, channel: Channel, from: UserId, id: ClientId | MessageId): string =>
    `sent/${to}/${channel}/${from}/${id}`,
  account: (user: UserId): string => `account/${user}`,
  look: (look: string): string => `look/${look}`,
  login: (user: UserId, loginId: string): string => `login/${user}/${loginId}`,
  revokedUser: (user: UserId): string => `revoked/${user}`,
  revokedLogin: (user: UserId, loginId: string): string => `revoked/${user}/${loginId}`,
  blocks: (user: UserId): string => `blocks/${user}`,
  contacts: (user: UserId): string => `contacts/${user}`,
  lease: (node: NodeId): string => `lease/${node}`,
  due: (atMs: number, key: string): string => `due/${padded(String(atMs))}/${key}`,
};

/** The keys between two, both left out. */
export interface KeyRange {
  gt: string;
  lt: string;
}

/** Every key that begins with this and a separator; `0` is the character after `/`. */
export function below(prefix: string): KeyRange {
  return { gt: `${prefix}/`, lt: `${prefix}0` };
}

/** The key that a `due` key speaks of. */
export function keyDue(dueKey: string): string {
  return dueKey.slice('due/'.length + DIGITS + 1);
}

/** Whose key it is: the part after its kind, the user in all that expires. */
export function ownerOf(key: string): string {
  return key.split('/')[1] ?? '';
}

const DIGITS = 16;

function padded(digits: string): string {
  return digits.padStart(DIGITS, '0');
}

function paddedOffset(offset: Offset): string {
  const dash = offset.indexOf('-');
  return `${padded(offset.slice(0, dash))}-${padded(offset.slice(dash + 1))}`;
}
