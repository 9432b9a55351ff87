import type { Redis } from 'ioredis';
import { createClient, type RedisClient } from '../../src/redis/client';
import type { UserId } from '../../src/shared';
import { type RedisServer, startRedis, waitUntil } from '../support';
import type { Environment } from '../support/beeline-node';
import { aMessage, aNode, aUser, connect, offsetsOf, plain, readAll } from './fixtures';
import { redisStore } from './redis-store';
import type { OpenStore } from './store-kind';

/** The prefix of every key, to reach what no adapter offers. */
const PREFIX = 'gathered-appends:';

/** What one node appends in one turn of the event loop goes to Redis together: on one server as one script. */
describe('appends of one turn', () => {
  let store: OpenStore;
  let redis: RedisClient;
  beforeEach(async () => {
    store = await redisStore.open({ REDIS_KEY_PREFIX: PREFIX });
    redis = createClient(process.env['TEST_REDIS_URL'] ?? '', 1000, 'gathered-appends');
    await redis.connect();
  });
  afterEach(async () => {
    redis.disconnect();
    await store.close();
  });

  const append = (to: UserId) => store.mailbox.append(aMessage({ to }), []);
  /** Where a hash should be. */
  const spoil = (user: UserId) => redis.set(`${PREFIX}state:{${user}}`, 'no hash');

  it('keep their order, however many they are', async () => {
    const to = aUser();
    // A server that does not know the script yet is sent it again, behind what was sent meanwhile.
    const { offset: first } = await append(to);
    const appended = await Promise.all(Array.from({ length: 150 }, () => append(to)));
    expect(appended.map(({ prev }) => prev)).toEqual([first, ...offsetsOf(appended).slice(0, -1)]);
    expect(offsetsOf(await readAll(store, to))).toEqual([first, ...offsetsOf(appended)]);
  });

  it('that can not be stored take no other with them', async () => {
    const [first, spoilt, last] = [aUser(), aUser(), aUser()];
    await spoil(spoilt);
    const outcomes = await Promise.allSettled([first, spoilt, last].map(append));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(outcomes[1]).toMatchObject({
      reason: { name: 'ReplyError', message: expect.stringMatching(/^WRONGTYPE /) as string },
    });
    for (const user of [first, last]) expect(await readAll(store, user)).toHaveLength(1);
    expect(await redis.exists(`${PREFIX}inbox:{${spoilt}}:chat`)).toBe(0);
  });

  it('fail, each of them, where none can be stored', async () => {
    const users = [aUser(), aUser()];
    await Promise.all(users.map(spoil));
    const outcomes = await Promise.allSettled(users.map(append));
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({
        reason: { name: 'ReplyError', message: expect.stringMatching(/^WRONGTYPE /) as string },
      });
    }
  });

  it('to nobody are not_found, and the others are stored', async () => {
    const [missing, there] = [aUser(), aUser()];
    const outcomes = await Promise.allSettled([
      store.mailbox.append(aMessage({ to: missing, needsAccount: true }), []),
      append(there),
    ]);
    expect(outcomes[0]).toMatchObject({ status: 'rejected', reason: { code: 'not_found' } });
    expect(outcomes[1]).toMatchObject({ status: 'fulfilled' });
  });

  it('keep apart what each of them wishes', async () => {
    const users = [aUser(), aUser(), aUser()];
    const appended = await Promise.all(
      users.map((to, i) => store.mailbox.append(aMessage({ to, receipt: i === 1 }), [])),
    );
    const asked = await Promise.all(
      users.map((user) => redis.hget(`${PREFIX}state:{${user}}`, 'chat:asked')),
    );
    expect(asked).toEqual([null, appended[1]!.offset, null]);
  });

  it('keep the routes of each apart, and leave out the dead', async () => {
    const [living, dead] = [aNode(), aNode()];
    const users = [aUser(), aUser()];
    const there = await Promise.all(users.map((userId) => connect(store, { userId, nodeId: living })));
    for (const userId of users) await connect(store, { userId, nodeId: dead });
    const appended = await Promise.all(
      users.map((to) => store.mailbox.append(aMessage({ to }), [aNode(), dead])),
    );
    expect(appended.map(({ routes }) => plain(routes))).toEqual(
      there.map(({ connectionId }) => ({ [living]: [connectionId] })),
    );
  });

  describe('on a server of their own', () => {
    let server: RedisServer;
    let admin: Redis;
    let ownStore: OpenStore;
    async function open(options: string[] = [], settings: Environment = {}): Promise<void> {
      server = await startRedis(...options);
      admin = createClient(server.url, 1000, 'admin') as Redis;
      await admin.connect();
      ownStore = await redisStore.open({ REDIS_URL: server.url, ...settings });
    }
    afterEach(async () => {
      await ownStore.close();
      admin.disconnect();
      await server.stop();
    });

    const appendTo = (users: readonly UserId[]) =>
      Promise.allSettled(users.map((to) => ownStore.mailbox.append(aMessage({ to }), [])));
    const scriptsRun = async (): Promise<number> =>
      Number(/cmdstat_evalsha:calls=(\d+)/.exec(await admin.info('commandstats'))?.[1] ?? 0);

    it('are one script', async () => {
      await open();
      const users = Array.from({ length: 8 }, aUser);
      await appendTo(users);
      const before = await scriptsRun();
      await appendTo([...users, ...users]);
      expect((await scriptsRun()) - before).toBe(1);
    });

    it('are stored by the only server of a Cluster too, which takes scripts of one slot only', async () => {
      await open(['--cluster-enabled', 'yes']);
      await admin.call('CLUSTER', 'ADDSLOTSRANGE', 0, 16_383);
      await waitUntil('it serves', async () => /cluster_state:ok/.test(await admin.cluster('INFO')));
      const users = Array.from({ length: 4 }, aUser);
      for (const attempt of [1, 2]) {
        expect((await appendTo(users)).map(({ status }) => status)).toEqual(users.map(() => 'fulfilled'));
        for (const user of users) expect(await readAll(ownStore, user)).toHaveLength(attempt);
      }
    });

    it('are each on the replica before they are answered', async () => {
      await open([], { REDIS_WAIT_REPLICAS: '1' });
      const replica = await startRedis('--replicaof', '127.0.0.1', `${server.port}`);
      try {
        await waitUntil('the replica is online', async () =>
          /state=online/.test(await admin.info('replication')),
        );
        const users = [aUser(), aUser(), aUser()];
        expect((await appendTo(users)).map(({ status }) => status)).toEqual(users.map(() => 'fulfilled'));
      } finally {
        await replica.stop();
      }
    });

    it('refused by a server that has become a replica make the client look for the master', async () => {
      await open();
      const connectionOf = async (): Promise<string | undefined> =>
        /^id=(\d+) .* name=CommandRedis /m.exec(String(await admin.client('LIST')))?.[1];
      const before = await connectionOf();
      expect(before).toBeDefined();
      await admin.replicaof('127.0.0.1', 1);
      const outcomes = await Promise.allSettled([
        ownStore.mailbox.append(aMessage({ to: aUser(), needsAccount: true }), []),
        ownStore.mailbox.append(aMessage({ to: aUser() }), []),
      ]);
      for (const outcome of outcomes) expect(outcome).toMatchObject({ reason: { code: 'unavailable' } });
      await waitUntil('it has connected anew', async () => {
        const now = await connectionOf();
        return now !== undefined && now !== before;
      });
    });
  });
});
