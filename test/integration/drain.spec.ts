import { Keys } from '../../src/redis';
import { Redis } from 'ioredis';
import {
  type BeelineNode,
  closeNodes,
  rest,
  startTrio,
  TestClient,
  tokenFor,
  uniqueUser,
  waitUntil,
  aNumber,
  textLike,
} from '../support';

const CONNECTIONS = 30;

describe('a node that drains', () => {
  let redis: Redis;
  let a: BeelineNode;
  let b: BeelineNode;
  let c: BeelineNode;

  beforeAll(async () => {
    redis = new Redis(process.env['TEST_REDIS_URL'] ?? '');
    [a, b, c] = await startTrio();
  });
  afterAll(async () => {
    TestClient.closeAll();
    await closeNodes(a, c);
    redis.disconnect();
  });

  it('refuses newcomers, sends everybody elsewhere, and leaves nothing behind', async () => {
    const users = Array.from({ length: CONNECTIONS }, () => uniqueUser('bob'));
    const clients = await Promise.all(
      users.map((user) => TestClient.connect(b, user, { deviceId: 'phone' })),
    );
    const nodeId = clients[0]?.session.nodeId ?? '';
    const keys = b.app.get<Keys>(Keys);
    expect(await redis.zrange(keys.nodes(), '0', '-1')).toContain(nodeId);

    const draining = b.close();
    await waitUntil('it is not ready', async () => (await rest(b, 'GET', '/readyz')).status === 503);
    expect(await rest(b, 'GET', '/readyz')).toMatchObject({
      type: textLike(/^application\/problem\+json/),
      body: { code: 'unavailable', retryable: true },
    });
    // Refused at the upgrade: stock clients try that again, while a refusal of the handshake would be final.
    const newcomer = TestClient.start(b, uniqueUser('newcomer'), { reconnection: true });
    await expect(newcomer.connected()).rejects.toMatchObject({ type: 'TransportError' });
    expect(newcomer.socket.active).toBe(true);
    newcomer.close();
    await draining;

    for (const client of clients) {
      expect(await client.ended()).toBe('transport close');
      expect(client.payloadsOf('session:end')).toEqual([
        { reason: 'draining', reconnect: true, retryAfterMs: aNumber() },
      ]);
    }
    const { body } = await rest(a, 'POST', '/presence/query', { token: tokenFor('asker'), body: { users } });
    for (const presence of Object.values(body['presence'] as object)) {
      expect(presence).toEqual({ online: false, devices: 0, lastSeen: aNumber() });
    }
    expect(await redis.zrange(keys.nodes(), '0', '-1')).not.toContain(nodeId);
    expect(await redis.pubsub('CHANNELS', keys.nodeChannel(nodeId as never))).toEqual([]);
  });
});
