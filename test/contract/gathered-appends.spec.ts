import { Cluster, type Redis } from 'ioredis';
import { createClient, type RedisClient } from '../../src/redis/client';
import type { UserId } from '../../src/shared';
import { startRedis, waitUntil } from '../support';
import { aMessage, aUser, offsetsOf, readAll } from './fixtures';
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

  async function scriptsRun(): Promise<number> {
    const servers = redis instanceof Cluster ? redis.nodes('master') : [redis];
    const stats = await Promise.all(servers.map((server) => server.info('commandstats')));
    return stats.reduce((sum, text) => sum + Number(/cmdstat_evalsha:calls=(\d+)/.exec(text)?.[1] ?? 0), 0);
  }

  it('are one script on one server, and one for each receiver on a Cluster', async () => {
    const users = Array.from({ length: 8 }, aUser);
    await append(users[0]!);
    const before = await scriptsRun();
    await Promise.all([...users, ...users].map(append));
    expect((await scriptsRun()) - before).toBe(redis instanceof Cluster ? users.length : 1);
  });

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

  it('fail together where none can be stored', async () => {
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

  it('refused by a server that has become a replica make the client look for the master', async () => {
    const server = await startRedis();
    const admin = createClient(server.url, 1000, 'admin') as Redis;
    await admin.connect();
    const ownStore = await redisStore.open({ REDIS_URL: server.url });
    const connectionOf = async (): Promise<string | undefined> =>
      /^id=(\d+) .* name=CommandRedis /m.exec(String(await admin.client('LIST')))?.[1];
    try {
      const before = await connectionOf();
      await admin.replicaof('127.0.0.1', 1);
      const outcomes = await Promise.allSettled(
        [aUser(), aUser()].map((to) => ownStore.mailbox.append(aMessage({ to }), [])),
      );
      for (const outcome of outcomes) expect(outcome).toMatchObject({ reason: { code: 'unavailable' } });
      await waitUntil('it has connected anew', async () => {
        const now = await connectionOf();
        return now !== undefined && now !== before;
      });
    } finally {
      await ownStore.close();
      admin.disconnect();
      await server.stop();
    }
  });
});
