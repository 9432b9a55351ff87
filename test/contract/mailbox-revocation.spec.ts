import type { Grant } from '../../src/hub';
import type { HeldConnection } from '../../src/routing/mailbox.port';
import type { NodeId, UserId } from '../../src/shared';
import { Random } from '../support/random';
import { aGrant, aNode, aRegistration, aUser, CHAT, connect, PHONE, plain, tick } from './fixtures';
import type { OpenStore } from './store-kind';
import { stores } from './stores';

const SEEDS = 300;
const LONG_MS = 60_000;

describe.each(stores)('revocation and connections on $name', (kind) => {
  let store: OpenStore;
  let userId: UserId;
  let nodeId: NodeId;
  beforeAll(async () => {
    store = await kind.open();
  });
  afterAll(() => store.close());
  beforeEach(() => {
    userId = aUser();
    nodeId = aNode();
  });

  const grantNow = async (loginId?: string): Promise<Grant> =>
    aGrant({ loginId, issuedAt: await store.storeNow() });
  const isRefused = async (grant: Grant): Promise<boolean> => {
    const outcome = await store.mailbox.register(aRegistration({ userId, nodeId, grant }), []);
    if ('refused' in outcome) expect(outcome).toEqual({ refused: 'revoked' });
    return 'refused' in outcome;
  };
  const lostIn = async (held: HeldConnection[]): Promise<object> =>
    Object.fromEntries((await store.mailbox.sweep(userId, nodeId, held, [CHAT], [])).lost);
  const locate = async () => plain(await store.mailbox.locate(userId, []));

  it('a login that has ended is not registered, whenever its token was issued; others are', async () => {
    await store.revocations.revokeLogin(userId, 'login', LONG_MS);
    expect(await isRefused(aGrant({ loginId: 'login', issuedAt: 0 }))).toBe(true);
    expect(await isRefused(aGrant({ loginId: 'login', issuedAt: (await store.storeNow()) + LONG_MS }))).toBe(
      true,
    );
    expect(await locate()).toEqual({});
    expect(await isRefused(aGrant({ loginId: 'login-2' }))).toBe(false);
    expect(await isRefused(aGrant({ loginId: undefined }))).toBe(false);
  });

  it('a user`s tokens up to then are not registered, with a login or without; later ones are', async () => {
    const [before, beforeToo] = [await grantNow('login'), await grantNow()];
    await store.revocations.revokeUser(userId);
    await tick(store);
    expect(await isRefused(before)).toBe(true);
    expect(await isRefused(beforeToo)).toBe(true);
    expect(await locate()).toEqual({});
    expect(await isRefused(await grantNow('login'))).toBe(false);
    expect(await isRefused(await grantNow())).toBe(false);
  });

  it('a refused registration replaces nobody and moves no cursor', async () => {
    const old = await connect(store, { userId, nodeId, deviceId: PHONE });
    await store.revocations.revokeLogin(userId, 'login', LONG_MS);
    const grant = aGrant({ loginId: 'login' });
    const refused = aRegistration({ userId, deviceId: PHONE, grant });
    expect(await store.mailbox.register(refused, [])).toEqual({ refused: 'revoked' });
    expect(await locate()).toEqual({ [nodeId]: [old.connectionId] });
    expect(await lostIn([old])).toEqual({});
  });

  it('a connection of a login that has ended is lost at its sweep, and no other', async () => {
    const [mine, other, nameless] = [
      await connect(store, { userId, nodeId, grant: aGrant({ loginId: 'login' }) }),
      await connect(store, { userId, nodeId, grant: aGrant({ loginId: 'login-2' }) }),
      await connect(store, { userId, nodeId }),
    ];
    await store.revocations.revokeLogin(userId, 'login', LONG_MS);
    expect(await lostIn([other, mine, nameless])).toEqual({ [mine.connectionId]: 'revoked' });
    expect(await locate()).toEqual({ [nodeId]: [other.connectionId, nameless.connectionId].sort() });
    expect(await lostIn([other, nameless])).toEqual({});
  });

  it('a user`s connections from before are lost at their sweep, later ones stay', async () => {
    const [one, two] = [
      await connect(store, { userId, nodeId, grant: await grantNow('login') }),
      await connect(store, { userId, nodeId, grant: await grantNow() }),
    ];
    await store.revocations.revokeUser(userId);
    await tick(store);
    const fresh = await connect(store, { userId, nodeId, grant: await grantNow() });
    expect(await lostIn([one, two, fresh])).toEqual({
      [one.connectionId]: 'revoked',
      [two.connectionId]: 'revoked',
    });
    expect(await locate()).toEqual({ [nodeId]: [fresh.connectionId] });
  });

  it('a revoked connection that is not in presence any more is not written again', async () => {
    const held = await connect(store, { userId, nodeId, grant: aGrant({ loginId: 'login' }) });
    await store.revocations.revokeLogin(userId, 'login', LONG_MS);
    await store.faults.losePresence(userId);
    expect(await lostIn([held])).toEqual({ [held.connectionId]: 'revoked' });
    expect(await locate()).toEqual({});
  });

  it('a revoked connection takes no place from another device', async () => {
    const single = await kind.open({ SESSION_POLICY: 'replace' });
    const [old, fresh] = [
      await connect(single, { userId, nodeId }),
      await connect(single, { userId, nodeId, grant: aGrant({ loginId: 'login' }) }),
    ];
    await single.revocations.revokeLogin(userId, 'login', LONG_MS);
    const { lost } = await single.mailbox.sweep(userId, nodeId, [old, fresh], [CHAT], []);
    expect(Object.fromEntries(lost)).toEqual({ [fresh.connectionId]: 'revoked' });
    await single.close();
  });

  it.each(['login', 'user'] as const)(
    'of a %s that races a registration: it is refused, or found',
    async (what) => {
      const another = await store.openAnother();
      const outcomes = { refused: 0, found: 0 };
      for (let seed = 1; seed <= SEEDS; seed += 1) {
        const random = new Random(seed);
        userId = aUser();
        const grant = await grantNow(what === 'login' ? 'login' : undefined);
        const arrival = aRegistration({ userId, nodeId, grant });
        const later = async (isLate: boolean): Promise<void> => {
          if (isLate) await new Promise((resolve) => setImmediate(resolve));
        };
        const [isRegistrationLate, isRevocationLate] = [random.chance(0.5), random.chance(0.5)];
        const register = async () => {
          await later(isRegistrationLate);
          return another.mailbox.register(arrival, []);
        };
        const revoke = async () => {
          await later(isRevocationLate);
          if (what === 'login') await store.revocations.revokeLogin(userId, 'login', LONG_MS);
          else await store.revocations.revokeUser(userId);
          // As `Revocations` does: who is found here is told to go.
          return plain(await store.mailbox.locate(userId, []));
        };
        const both = random.chance(0.5) ? [register(), revoke()] : [revoke(), register()].reverse();
        const [outcome, found] = (await Promise.all(both)) as [
          Awaited<ReturnType<typeof register>>,
          Record<string, string[]>,
        ];
        const isIn = !('refused' in outcome);
        outcomes[isIn ? 'found' : 'refused'] += 1;
        expect({ seed, found }).toEqual({ seed, found: isIn ? { [nodeId]: [arrival.connectionId] } : {} });
        if ('refused' in outcome) continue;
        expect(await lostIn([{ ...arrival, since: outcome.since }])).toEqual({
          [arrival.connectionId]: 'revoked',
        });
      }
      // A race that always ends alike would be none.
      expect(outcomes.found).toBeGreaterThan(0);
      expect(outcomes.refused).toBeGreaterThan(0);
      await another.close();
    },
  );
});
