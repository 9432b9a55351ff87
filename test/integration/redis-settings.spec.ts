import { Redis } from 'ioredis';
import { CommandRedis } from '../../src/redis';
import {
  type BeelineNode,
  type RedisServer,
  rest,
  startNode,
  startRedis,
  startRedisCluster,
  tokenFor,
  uniquePrefix,
  waitUntil,
} from '../support';

describe('settings of Redis that a promise depends on', () => {
  let redis: RedisServer;
  let node: BeelineNode | undefined;

  beforeEach(async () => {
    redis = await startRedis();
  });
  afterEach(async () => {
    await node?.close();
    await redis.stop();
  });

  async function configure(setting: [string, string], url = redis.url): Promise<void> {
    const client = new Redis(url);
    await client.config('SET', ...setting);
    client.disconnect();
  }

  it('is not ready while Redis would evict inboxes, says why, and is ready once it would not', async () => {
    await configure(['maxmemory-policy', 'allkeys-lru']);
    node = await startNode({ REDIS_URL: redis.url, REDIS_KEY_PREFIX: uniquePrefix(), NODE_LEASE_MS: '300' });
    const refused = await rest(node, 'GET', '/readyz');
    expect(refused.status).toBe(503);
    expect(refused.body['detail']).toContain('allkeys-lru');
    expect(refused.body['detail']).toContain('noeviction');

    await configure(['maxmemory-policy', 'noeviction']);
    await waitUntil('it is ready', async () => (await rest(node!, 'GET', '/readyz')).status === 200);
  });

  it('of a Cluster asks every master: one that would evict is enough', async () => {
    const cluster = await startRedisCluster();
    try {
      const environment = { REDIS_URL: cluster.url, REDIS_KEY_PREFIX: uniquePrefix(), NODE_LEASE_MS: '300' };
      node = await startNode(environment);
      expect((await rest(node, 'GET', '/readyz')).status).toBe(200);
      for (const { url } of cluster.servers) {
        await configure(['maxmemory-policy', 'volatile-ttl'], url);
        await waitUntil('it is not ready, and says why', async () =>
          String((await rest(node!, 'GET', '/readyz')).body['detail']).includes('volatile-ttl'),
        );
        await configure(['maxmemory-policy', 'noeviction'], url);
        await waitUntil('it is ready', async () => (await rest(node!, 'GET', '/readyz')).status === 200);
      }
      await node.close();
      node = undefined;
    } finally {
      await cluster.stop();
    }
  });

  it('REDIS_WAIT_REPLICAS: a send is acknowledged only once a replica has it, a repeat of it too', async () => {
    node = await startNode({
      REDIS_URL: redis.url,
      REDIS_KEY_PREFIX: uniquePrefix(),
      REDIS_WAIT_REPLICAS: '1',
      REDIS_COMMAND_TIMEOUT_MS: '600',
    });
    const request = { token: tokenFor('alice'), body: { to: 'bob', body: 'hi', clientId: 'c-1' } };
    const alone = await rest(node, 'POST', '/messages', request);
    expect(alone).toMatchObject({ status: 503, body: { code: 'unavailable', retryable: true } });
    expect(await rest(node, 'POST', '/messages', request)).toMatchObject({ status: 503 });

    const replica = await startRedis('--replicaof', '127.0.0.1', `${redis.port}`);
    try {
      await waitUntil(
        'the send is acknowledged',
        async () => (await rest(node!, 'POST', '/messages', request)).status === 200,
      );
      const stored = await rest(node, 'GET', '/inbox/chat', { token: tokenFor('bob') });
      expect(stored.body['messages']).toHaveLength(1);
    } finally {
      await replica.stop();
    }
  });

  it('REDIS_WAIT_REPLICAS: nothing is acknowledged that a failover has lost, though replicas are there', async () => {
    const replica = await startRedis('--replicaof', '127.0.0.1', `${redis.port}`);
    try {
      node = await startNode({
        REDIS_URL: redis.url,
        REDIS_KEY_PREFIX: uniquePrefix(),
        REDIS_WAIT_REPLICAS: '1',
      });
      const request = { token: tokenFor('alice'), body: { to: 'bob', body: 'hi', clientId: 'c-1' } };
      await waitUntil(
        'the replica follows',
        async () => (await rest(node!, 'POST', '/messages', request)).status < 300,
      );
      // Between append and WAIT: a new connection, to a master that has never had the append.
      const commands = node.app.get<CommandRedis>(CommandRedis);
      const run = commands.run.bind(commands);
      let isLost = false;
      jest.spyOn(commands, 'run').mockImplementation(async (...args) => {
        const reply = await run(...args);
        if (isLost || !args[0].lua.includes('XADD')) return reply;
        isLost = true;
        const { client } = commands;
        client.disconnect(true);
        await new Promise((resolve) => client.once('ready', resolve));
        await client.flushall();
        client.disconnect(true);
        await new Promise((resolve) => client.once('ready', resolve));
        return reply;
      });
      const another = { ...request, body: { ...request.body, clientId: 'c-2' } };
      expect(await rest(node, 'POST', '/messages', another)).toMatchObject({ status: 503 });
      expect(isLost).toBe(true);
    } finally {
      await replica.stop();
    }
  });
});
