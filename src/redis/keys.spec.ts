import fc from 'fast-check';
import { channels, clientIds, messageIds, userIds } from '../../test/support/arbitraries';
import type { NodeId } from '../shared';
import { Keys } from './keys';

const keys = new Keys('beeline:');
const opaqueIds = fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/);
const sentIds = fc.oneof(clientIds, messageIds);

/** What a key was made from, and the key. */
type Made = { from: readonly string[]; key: string };

const ofUser: fc.Arbitrary<Made & { user: string }> = fc.oneof(
  fc.tuple(userIds, channels).map(([u, c]) => ({ user: u, from: ['inbox', u, c], key: keys.inbox(u, c) })),
  userIds.map((u) => ({ user: u, from: ['state', u], key: keys.state(u) })),
  userIds.map((u) => ({ user: u, from: ['presence', u], key: keys.presence(u) })),
  fc
    .tuple(userIds, channels, userIds, sentIds)
    .map(([u, c, by, id]) => ({ user: u, from: ['sent', u, c, by, id], key: keys.sent(u, c, by, id) })),
  userIds.map((u) => ({ user: u, from: ['account', u], key: keys.account(u) })),
  fc
    .tuple(userIds, opaqueIds)
    .map(([u, id]) => ({ user: u, from: ['login', u, id], key: keys.login(u, id) })),
);
const ofNodes: fc.Arbitrary<Made> = fc.oneof(
  fc.constant({ from: ['nodes'], key: keys.nodes() }),
  opaqueIds.map((id) => ({ from: ['node', id], key: keys.nodeChannel(id as NodeId) })),
);

/** The part of a key that decides its slot: between the first `{` and the next `}`. */
function hashTagOf(key: string): string | undefined {
  return /^[^{]*\{([^}]+)\}/.exec(key)?.[1];
}

describe('keys', () => {
  it('are equal only where all they are made from is equal', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(ofUser, ofNodes), { minLength: 2, maxLength: 40 }), (made) => {
        const fromByKey = new Map(made.map(({ key, from }) => [key, from]));
        for (const { key, from } of made) expect(fromByKey.get(key)).toEqual(from);
      }),
    );
  });

  /** The separators are what could make two keys one: ids that hold them are tried on every border. */
  it('are not confused by ids that look like parts of a key', () => {
    const parts = fc.array(fc.constantFrom('a', ':', '-', 'chat', 'sent', '@'), {
      minLength: 1,
      maxLength: 3,
    });
    const id = parts.map((all) => all.join(''));
    const made = fc.tuple(id, fc.constantFrom('chat', 'a', 'a-a'), id, id).map((from) => {
      const [to, channel, by, own] = from as unknown as Parameters<Keys['sent']>;
      return { from, key: keys.sent(to, channel, by, own) };
    });
    fc.assert(
      fc.property(fc.array(made, { minLength: 2, maxLength: 60 }), (all) => {
        const fromByKey = new Map(all.map(({ key, from }) => [key, from]));
        for (const { key, from } of all) expect(fromByKey.get(key)).toEqual(from);
      }),
    );
  });

  it('of one user lie in one slot: all carry the user as hash tag, under the prefix', () => {
    fc.assert(
      fc.property(ofUser, ({ user, key }) => {
        expect(hashTagOf(key)).toBe(user);
        expect(key.startsWith('beeline:')).toBe(true);
      }),
    );
  });
});
