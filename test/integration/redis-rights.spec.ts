import { Redis } from 'ioredis';
import {
  type BeelineNode,
  closeNodes,
  type RedisServer,
  rest,
  startNode,
  startRedis,
  TestClient,
  tokenFor,
  uniquePrefix,
  uniqueUser,
  waitUntil,
} from '../support';

const ALL_BUT_CHANNELS = ['on', '>p', '~*', '+@all', 'resetchannels'];

describe('what a node may do on Redis', () => {
  let redis: RedisServer;
  let admin: Redis;
  let nodes: BeelineNode[] = [];

  beforeAll(async () => {
    redis = await startRedis();
    admin = new Redis(redis.url);
  });
  afterEach(async () => {
    TestClient.closeAll();
    await closeNodes(...nodes);
    nodes = [];
  });
  afterAll(async () => {
    admin.disconnect();
    await redis.stop();
  });

  async function start(url = redis.url, prefix = uniquePrefix()): Promise<BeelineNode> {
    const node = await startNode({ REDIS_URL: url, REDIS_KEY_PREFIX: prefix, NODE_LEASE_MS: '300' });
    nodes.push(node);
    return node;
  }
  const as = (user: string): string => `redis://${user}:p@127.0.0.1:${redis.port}`;
  const detailOf = async (node: BeelineNode): Promise<string> =>
    String((await rest(node, 'GET', '/readyz')).body['detail']);

  it('without the announcements it is not ready and says why, until it is given them', async () => {
    await admin.call('ACL', 'SETUSER', 'deaf', ...ALL_BUT_CHANNELS, '&beeline:*');
    const node = await start(as('deaf'), 'beeline:');
    await waitUntil('it says so', async () =>
      (await detailOf(node)).includes('can not listen to announcements: NOPERM'),
    );
    expect((await rest(node, 'GET', '/readyz')).status).toBe(503);
    await admin.call('ACL', 'SETUSER', 'deaf', '&beeline:socket.io#/#*');
    await waitUntil('it is ready', async () => (await rest(node, 'GET', '/readyz')).status === 200);
    const client = await TestClient.connect(node, uniqueUser('all'));
    const other = await start(redis.url, 'beeline:');
    const request = { token: tokenFor('ops', { scope: 'admin' }), body: { body: 'hear!' } };
    expect((await rest(other, 'POST', '/admin/announcements', request)).status).toBe(202);
    await waitUntil('it is heard', () => client.payloadsOf('announcement').length === 1);
  });

  it('without INFO and CONFIG it serves, and warns', async () => {
    await admin.call('ACL', 'SETUSER', 'blind', ...ALL_BUT_CHANNELS, '&*', '-info', '-config');
    const node = await start(as('blind'));
    expect(await rest(node, 'GET', '/readyz')).toMatchObject({ status: 200, body: { status: 'ready' } });
    expect(await detailOf(node)).toContain('no right to INFO');
    await TestClient.connect(node, uniqueUser('bob'));
  });

  it('with a Redis that writes to no disk it is ready and says so, until it does', async () => {
    const node = await start();
    expect(await rest(node, 'GET', '/readyz')).toMatchObject({ status: 200, body: { status: 'ready' } });
    expect(await detailOf(node)).toContain('Redis writes to no disk');
    await admin.config('SET', 'appendonly', 'yes');
    await waitUntil('it says no more', async () => (await detailOf(node)) === 'undefined');
    await admin.config('SET', 'appendonly', 'no');
    await admin.config('SET', 'save', '3600 1');
    const another = await start();
    expect(await detailOf(another)).toBe('undefined');
    await admin.config('SET', 'save', '');
  });

  it('in another database hears no announcement of this one, under the same prefix', async () => {
    const prefix = uniquePrefix();
    const [zero, one, oneToo] = await Promise.all(
      [redis.url, `${redis.url}/1`, `${redis.url}/1`].map((url) => start(url, prefix)),
    );
    const [onZero, onOne] = [await TestClient.connect(zero!, 'a'), await TestClient.connect(one!, 'b')];
    const token = tokenFor('ops', { scope: 'admin' });
    await rest(zero!, 'POST', '/admin/announcements', { token, body: { body: 'zero' } });
    await rest(oneToo!, 'POST', '/admin/announcements', { token, body: { body: 'one' } });
    await waitUntil('both have heard', () =>
      [onZero, onOne].every((client) => client.payloadsOf('announcement').length > 0),
    );
    expect(onZero.payloadsOf('announcement')).toMatchObject([{ body: 'zero' }]);
    expect(onOne.payloadsOf('announcement')).toMatchObject([{ body: 'one' }]);
  });
});
