import type { NodeId } from '../../src/shared';
import { openEmbedded } from '../contract/embedded-store';
import {
  aClientId,
  aGrant,
  aMessage,
  aNode,
  appendMany,
  aRegistration,
  aUser,
  CHAT,
  connect,
  readAll,
  openLogin,
} from '../contract/fixtures';
import { redisStore } from '../contract/redis-store';
import type { OpenStore } from '../contract/store-kind';
import {
  type BeelineNode,
  closeNodes,
  type Environment,
  rest,
  startCluster,
  TestClient,
  tokenFor,
  uniqueUser,
  waitUntil,
} from '../support';
import { SteppedClock } from './lib/faketime';
import { RedisProcess } from './lib/redis-process';

const HOUR_MS = 3_600_000;
const SWEEP_MS = 1000;
const LEASE_MS = 600;
const GRACE_MS = 500;
/** Nothing that is tried here takes longer by itself; a step that shows would take a minute or an hour. */
const SOON_MS = 5000;
const INFO = { name: 'n', version: '1', connections: 0, draining: false };
/** One comes back every two seconds: none while a step is waited for that takes one to be seen. */
const RATE = { rate: 'r', cost: 1, intervalMs: 2000, burst: 3 };

interface SteppedStore {
  open(settings: Environment): Promise<OpenStore>;
  step(seconds: number): void;
  close(): Promise<void>;
}

async function steppedRedis(): Promise<SteppedStore> {
  const clock = new SteppedClock();
  const redis = await RedisProcess.start([], clock.environment);
  return {
    open: (settings) => redisStore.open({ ...settings, REDIS_URL: `redis://127.0.0.1:${redis.port}` }),
    step: (seconds) => clock.step(seconds),
    close: () => redis.close(),
  };
}

function steppedEmbedded(): Promise<SteppedStore> {
  let offMs = 0;
  return Promise.resolve({
    open: (settings) => openEmbedded(settings, () => Date.now() + offMs),
    step: (seconds) => void (offMs += 1000 * seconds),
    close: () => Promise.resolve(),
  });
}

/** What is written at the first clock is met by the second. */
const steps = [
  ['an hour ahead for a moment', 3600, -3600],
  ['set back by a minute', 0, -60],
] as const;

describe.each([
  ['redis', steppedRedis],
  ['embedded', steppedEmbedded],
])("%s's clock", (_name, begin) => {
  describe.each(steps)('%s: whatever was written then', (_what, first, second) => {
    let stepped: SteppedStore;
    let store: OpenStore;
    beforeEach(async () => {
      stepped = await begin();
      store = await stepped.open({ SWEEP_INTERVAL_MS: `${SWEEP_MS}` });
    });
    afterEach(async () => {
      await store.close();
      await stepped.close();
    });

    async function across<T>(write: () => Promise<T>): Promise<T> {
      await step(first);
      const written = await write();
      await step(second);
      return written;
    }

    /** A process may look only once a second whether its clock has been set. */
    async function step(seconds: number): Promise<void> {
      if (seconds === 0) return;
      const offBy = async (): Promise<number> => (await store.storeNow()) - performance.now();
      const before = await offBy();
      stepped.step(seconds);
      const isSet = async (): Promise<boolean> => Math.abs((await offBy()) - before - 1000 * seconds) < 2000;
      await waitUntil('the clock is set', isSet, SOON_MS);
    }

    it('a rate that was spent comes back as fast as ever, a debt too', async () => {
      const [spender, debtor] = [aUser(), aUser()];
      await across(async () => {
        for (let i = 0; i < 5; i += 1) await store.rates.spend({ ...RATE, owner: spender });
        for (let i = 0; i < 6; i += 1) await store.rates.charge({ ...RATE, owner: debtor });
      });
      const { retryAfterMs } = await store.rates.spend({ ...RATE, owner: debtor });
      expect(retryAfterMs).toBeGreaterThan(4000);
      expect(retryAfterMs).toBeLessThanOrEqual(8000);
      const isAllowed = async (): Promise<boolean> =>
        (await store.rates.spend({ ...RATE, owner: spender })).allowed;
      await waitUntil('it is allowed', isAllowed, SOON_MS);
    });

    it('a contact stays one, and a new one is admitted as soon as ever', async () => {
      const [sender, known] = [aUser(), aUser()];
      await across(async () => {
        await store.contacts.admit(sender, known, 2);
        await store.contacts.admit(sender, aUser(), 2);
      });
      expect((await store.contacts.admit(sender, known, 2)).allowed).toBe(true);
      for (let i = 0; i < 2; i += 1) {
        const { allowed, retryAfterMs } = await store.contacts.admit(sender, aUser(), 2);
        expect(allowed).toBe(false);
        expect(retryAfterMs).toBeLessThanOrEqual(HOUR_MS / 2);
      }
    });

    it('a lease of a dead node runs out, and one of a living node is renewed', async () => {
      const [dead, living] = [aNode(), aNode()];
      await across(async () => {
        await store.leases.take(dead, LEASE_MS, INFO);
        await store.leases.take(living, 10 * LEASE_MS, INFO);
      });
      const look = async (): Promise<NodeId[]> => {
        const { held, living: listed } = await store.leases.renew(living, 10 * LEASE_MS, INFO);
        expect(held).toBe(true);
        return listed;
      };
      // Renewed as a node renews: a lease of a shorter kind is cut by what its node said of it.
      await waitUntil('the dead one is off the list', async () => !(await look()).includes(dead), SOON_MS);
      expect(await look()).toEqual([living]);
      const now = await store.storeNow();
      for (const { leaseExpiresAt } of await store.leases.list())
        expect(leaseExpiresAt).toBeLessThanOrEqual(now + 10 * LEASE_MS + 1000);
    });

    it('an entry of presence that nobody renews runs out, and was not seen in the future', async () => {
      const userId = aUser();
      await across(() => connect(store, { userId }));
      const [before] = await store.presence.look([userId], []);
      expect(before).toMatchObject({ online: true });
      const isOffline = async (): Promise<boolean> => !(await store.presence.look([userId], []))[0]?.online;
      await waitUntil('the entry has run out', isOffline, SOON_MS);
      const [after] = await store.presence.look([userId], []);
      expect(after?.lastSeen).toBeLessThanOrEqual(await store.storeNow());
    });

    it('a connection that is there is swept, and a newer one of its device takes its place', async () => {
      const userId = aUser();
      const held = await across(() => connect(store, { userId, deviceId: 'phone' as never }));
      const swept = await store.mailbox.sweep(userId, held.nodeId, [held], [CHAT], []);
      expect(swept.lost.size).toBe(0);
      const newer = await connect(store, { userId, deviceId: 'phone' as never });
      expect(newer.since).toBeGreaterThan(held.since);
      const { lost } = await store.mailbox.sweep(userId, held.nodeId, [held], [CHAT], []);
      expect([...lost]).toEqual([[held.connectionId, 'replaced']]);
    });

    it('who left was last seen by now at the latest', async () => {
      const userId = aUser();
      await across(async () => {
        const { nodeId, connectionId } = await connect(store, { userId });
        await store.mailbox.unregister(userId, nodeId, [connectionId], []);
      });
      const [look] = await store.presence.look([userId], []);
      expect(look?.lastSeen).toBeLessThanOrEqual(await store.storeNow());
      const { nodeId, connectionId } = await connect(store, { userId });
      await store.mailbox.unregister(userId, nodeId, [connectionId], []);
      const [later] = await store.presence.look([userId], []);
      expect(later?.lastSeen).toBeLessThanOrEqual(await store.storeNow());
    });

    it('a watch runs out', async () => {
      const [userId, watcher] = [aUser(), aNode()];
      await across(() => store.presence.watch(userId, watcher, []));
      const watchers = (): Promise<NodeId[]> => store.mailbox.unregister(userId, aNode(), [], []);
      expect(await watchers()).toEqual([watcher]);
      await waitUntil('nobody watches', async () => (await watchers()).length === 0, SOON_MS);
    });

    it('the end of all sessions lets in who gets a token later, and nobody who had one before', async () => {
      const userId = aUser();
      const before = await store.storeNow();
      await across(() => store.revocations.revokeUser(userId));
      const isGood = async (issuedAt: number): Promise<boolean> =>
        !(await store.revocations.isRevoked(userId, undefined, issuedAt));
      expect(await isGood(Math.min(before, await store.storeNow()))).toBe(false);
      await waitUntil('a new token is good', async () => isGood(await store.storeNow()), SOON_MS);
      const issuedAt = await store.storeNow();
      expect(await isGood(Math.min(before, issuedAt - SOON_MS))).toBe(false);
      const registration = aRegistration({ userId, grant: aGrant({ issuedAt }) });
      expect(await store.mailbox.register(registration, [])).not.toHaveProperty('refused');
    });

    it('the end of all sessions, met first by a registration, lets in who gets a token later', async () => {
      const userId = aUser();
      await across(() => store.revocations.revokeUser(userId));
      const isLetIn = async (): Promise<boolean> => {
        const grant = aGrant({ issuedAt: await store.storeNow() });
        return !('refused' in (await store.mailbox.register(aRegistration({ userId, grant }), [])));
      };
      await waitUntil('a new token is good', isLetIn, SOON_MS);
      expect((await store.presence.look([userId], []))[0]).toMatchObject({ online: true });
    });

    it('a refresh token works, and an old one no longer than ever', async () => {
      const userId = aUser();
      await across(async () => {
        await openLogin(store, userId, 'login', HOUR_MS);
        await store.accounts.rotateLogin(userId, 'login', 1, GRACE_MS, HOUR_MS);
      });
      const rotate = (generation: number) =>
        store.accounts.rotateLogin(userId, 'login', generation, GRACE_MS, HOUR_MS);
      expect(await rotate(1)).toMatchObject({ outcome: 'rotated' });
      await waitUntil('the grace is over', async () => (await rotate(1)).outcome === 'revoked', SOON_MS);
    });

    it('a message is there, is not stored twice, and the next one comes after it', async () => {
      const to = aUser();
      const message = aMessage({ to, clientId: aClientId() });
      const [sent] = await across(async () => [
        await store.mailbox.append(message, []),
        await appendMany(store, to, 3),
      ]);
      expect(await store.mailbox.append(message, [])).toMatchObject({ id: sent.id, offset: sent.offset });
      const later = await appendMany(store, to, 3);
      const offsets = (await readAll(store, to)).map(({ offset }) => offset);
      expect(offsets).toHaveLength(7);
      expect(offsets.slice(4)).toEqual(later.map(({ offset }) => offset));
    });
  });
});

describe('nodes on a Redis whose clock is set', () => {
  let clock: SteppedClock;
  let redis: RedisProcess;
  let nodes: BeelineNode[] = [];
  beforeEach(async () => {
    clock = new SteppedClock();
    redis = await RedisProcess.start([], clock.environment);
    nodes = await startCluster(2, {
      REDIS_URL: `redis://127.0.0.1:${redis.port}`,
      SEND_RATE_PER_SECOND: '20',
      NEW_RECEIVERS_PER_HOUR: '200',
    });
  });
  afterEach(async () => {
    TestClient.closeAll();
    await closeNodes(...nodes);
    await redis.close();
  });

  it.each([
    ['an hour ahead for five seconds', 3600, -3600],
    ['back by a minute, for good', -60, 0],
  ])('%s: connections stay, sends are taken, and presence is true', async (_what, there, back) => {
    const [a, b] = nodes as [BeelineNode, BeelineNode];
    const [aliceId, bobId] = [uniqueUser('alice'), uniqueUser('bob')];
    const token = (user: string): string => tokenFor(user, {}, 15 * 60_000);
    const alice = await TestClient.connect(a, aliceId, { token: token(aliceId) });
    const bob = await TestClient.connect(b, bobId, { token: token(bobId) });
    const isOnline = async (): Promise<boolean> => {
      const answer = await rest(a, 'GET', `/presence/${bobId}`, { token: tokenFor('asker') });
      return (
        (answer.body['presence'] as Record<string, { online: boolean }> | undefined)?.[bobId]?.online === true
      );
    };
    let sent = 0;
    const sendFor = async (ms: number): Promise<void> => {
      const since = performance.now();
      const before = sent;
      await waitUntil(
        'time has gone by',
        async () => {
          // Half the rate.
          if (performance.now() - since > 100 * (sent - before)) {
            sent += 1;
            await alice.send(bobId, sent, `c-${sent}`);
          }
          return performance.now() - since > ms;
        },
        2 * ms,
      );
    };
    await sendFor(500);
    clock.step(there);
    await sendFor(5000);
    if (back !== 0) clock.step(back);
    await sendFor(5000);
    await waitUntil('bob has them all', () => bob.messages.length === sent, SOON_MS);
    expect(bob.bodies()).toEqual(Array.from({ length: sent }, (_, i) => i + 1));
    expect([alice, bob].flatMap((client) => client.payloadsOf('session:end'))).toEqual([]);
    await waitUntil('bob is online', isOnline, SOON_MS);
    await TestClient.connect(a, uniqueUser('carol'), { token: token('carol') });
    bob.close();
    await waitUntil('bob is offline', async () => !(await isOnline()), SOON_MS);
  });
});
