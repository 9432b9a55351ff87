import fc from 'fast-check';
import { channels, clientIds, messageIds, userIds } from '../../test/support/arbitraries';
import { type NodeId, parseChannel, parseClientId, parseUserId, type UserId } from '../shared';
import { Keys } from './keys';

const keys = new Keys('beeline:');

/** Mostly one of two, so that keys often differ in a single part. */
function few<T extends string>(any: fc.Arbitrary<T>): fc.Arbitrary<T> {
  return fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom('a' as T, 'b' as T) },
    { weight: 1, arbitrary: any },
  );
}

const users = few(userIds);
const someChannels = few(channels);
const opaqueIds = few(fc.stringMatching(/^[A-Za-z0-9_-]{1,64}$/));
const sentIds = few(fc.oneof(clientIds, messageIds));

/** What a key was made from, and the key. */
type Made = { from: readonly string[]; key: string };

const ofUser: fc.Arbitrary<Made & { user: string }> = fc.oneof(
  fc.tuple(users, someChannels).map(([u, c]) => ({ user: u, from: ['inbox', u, c], key: keys.inbox(u, c) })),
  users.map((u) => ({ user: u, from: ['state', u], key: keys.state(u) })),
  users.map((u) => ({ user: u, from: ['presence', u], key: keys.presence(u) })),
  fc
    .tuple(users, someChannels, users, sentIds)
    .map(([u, c, by, id]) => ({ user: u, from: ['sent', u, c, by, id], key: keys.sent(u, c, by, id) })),
  users.map((u) => ({ user: u, from: ['account', u], key: keys.account(u) })),
  users.map((u) => ({ user: u, from: ['look', u], key: keys.look(u) })),
  users.map((u) => ({ user: u, from: ['blocks', u], key: keys.blocks(u) })),
  fc.tuple(users, opaqueIds).map(([u, id]) => ({ user: u, from: ['login', u, id], key: keys.login(u, id) })),
  users.map((u) => ({ user: u, from: ['revoked', u], key: keys.revokedUser(u) })),
  fc
    .tuple(users, opaqueIds)
    .map(([u, id]) => ({ user: u, from: ['revoked', u, id], key: keys.revokedLogin(u, id) })),
  users.map((u) => ({ user: u, from: ['watchers', u], key: keys.watchers(u) })),
  users.map((u) => ({ user: u, from: ['contacts', u], key: keys.contacts(u) })),
  fc.tuple(users, opaqueIds).map(([u, r]) => ({ user: u, from: ['rate', u, r], key: keys.rate(u, r) })),
);
const ofNodes: fc.Arbitrary<Made> = fc.oneof(
  fc.constant({ from: ['nodes'], key: keys.nodes() }),
  fc.constant({ from: ['node-info'], key: keys.nodeInfo() }),
  opaqueIds.map((id) => ({ from: ['node', id], key: keys.nodeChannel(id as NodeId) })),
);

/** The part of a key that decides its slot: between the first `{` and the next `}`. */
function hashTagOf(key: string): string | undefined {
  return /^[^{]*\{([^}]+)\}/.exec(key)?.[1];
}

describe('keys', () => {
  it('are equal only where all they are made from is equal', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(ofUser, ofNodes), { minLength: 2, maxLength: 40, size: 'max' }),
        (made) => {
          const fromByKey = new Map(made.map(({ key, from }) => [key, from]));
          for (const { key, from } of made) expect(fromByKey.get(key)).toEqual(from);
        },
      ),
    );
  });

  /** Whatever character separates the parts in a key: where ids may hold it too, they must not move the border. */
  it('are not made equal by ids that hold what could be a separator', () => {
    const words = fc.array(fc.constantFrom('a', 'b'), { minLength: 4, maxLength: 6 });
    const separator = fc.constantFrom(':', '-', '_', '.', '@', '|', '+');
    const border = fc.integer({ min: 1, max: 5 });
    const to = 'bob' as UserId;
    fc.assert(
      fc.property(
        words,
        separator,
        fc.tuple(border, border),
        fc.tuple(border, border),
        (all, by, one, other) => {
          const [made, differently] = [one, other].map(([first, second]) => {
            const borders = [0, first, first + second, all.length];
            const parts = [0, 1, 2].map((i) => all.slice(borders[i], borders[i + 1]).join(by));
            const [channel, from, id] = [
              parseChannel(parts[0]),
              parseUserId(parts[1]),
              parseClientId(parts[2]),
            ];
            return channel && from && id ? { parts, key: keys.sent(to, channel, from, id) } : undefined;
          });
          fc.pre(made !== undefined && differently !== undefined);
          expect(made.key === differently.key).toBe(made.parts.join(' ') === differently.parts.join(' '));
        },
      ),
      { numRuns: 500 },
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
