import { Redis } from 'ioredis';
import {
  type BeelineNode,
  closeNodes,
  type RedisServer,
  rest,
  startRedis,
  startTrio,
  TestClient,
  tokenFor,
  uniqueUser,
  waitUntil,
} from '../support';

const SWEEP_MS = 400;
/** Entries count for 2.5 sweeps, the lease is shorter yet: over this long everything must have been renewed. */
const FULL_FOR_MS = 8 * SWEEP_MS;

interface Presence {
  online: boolean;
}

describe('while Redis is full, and stays so', () => {
  let server: RedisServer;
  let judge: Redis;
  let nodes: BeelineNode[] = [];

  beforeAll(async () => {
    server = await startRedis();
    judge = new Redis(server.url);
    nodes = await startTrio({
      REDIS_URL: server.url,
      SWEEP_INTERVAL_MS: `${SWEEP_MS}`,
      NODE_LEASE_MS: '900',
      LOCAL_ACCOUNTS: 'on',
    });
  });
  afterAll(async () => {
    TestClient.closeAll();
    // Leaving is bookkeeping, too: Redis is full to the end.
    await closeNodes(...nodes);
    judge.disconnect();
    await server.stop();
  });

  async function register(user: string): Promise<{ accessToken: string; refreshToken: string }> {
    const body = { username: user, password: 'correct horse' };
    const answer = await rest(nodes[0]!, 'POST', '/auth/register', { body });
    expect(answer.status).toBe(201);
    return answer.body as { accessToken: string; refreshToken: string };
  }

  it('who is connected stays online, acks, reads, comes and goes; only what would be stored is refused', async () => {
    const [a, b, c] = nodes as [BeelineNode, BeelineNode, BeelineNode];
    const [aliceId, bobId] = [uniqueUser('alice'), uniqueUser('bob')];
    const login = await register(aliceId);
    await register(bobId);
    const ended = await register(uniqueUser('ended'));
    const alice = await TestClient.connect(a, aliceId);
    const bob = await TestClient.connect(b, bobId, { deviceId: 'phone' });
    await alice.sendSeries(bobId, 3);
    await bob.receives(3);
    const offsets = bob.messages.map(({ offset }) => offset);

    await judge.config('SET', 'maxmemory', '1');
    const isOnline = async (user: string): Promise<boolean | undefined> => {
      const { body } = await rest(c, 'GET', `/presence/${user}`, { token: tokenFor('asker') });
      return (body['presence'] as Record<string, Presence> | undefined)?.[user]?.online;
    };
    const fullSince = performance.now();
    for (let round = 0; performance.now() - fullSince < FULL_FOR_MS; round += 1) {
      expect([round, await isOnline(bobId), await isOnline(aliceId)]).toEqual([round, true, true]);
      const refused = await alice.request('message:send', {
        to: bobId,
        body: 'x',
        clientId: `full-${round}`,
      });
      expect(refused).toMatchObject({ ok: false, error: { code: 'unavailable', retryable: true } });
      const upto = { channel: 'chat', offset: offsets[round % 3] };
      expect(await bob.request('inbox:ack', upto)).toMatchObject({ ok: true });
      expect(await bob.request('inbox:read', upto)).toMatchObject({ ok: true });
      const guest = uniqueUser('guest');
      const coming = await TestClient.connect(c, guest, { deviceId: 'd' });
      expect(await isOnline(guest)).toBe(true);
      expect(await coming.request('presence:watch', { users: [bobId] })).toMatchObject({ ok: true });
      coming.close();
      await waitUntil('the guest is offline', async () => (await isOnline(guest)) === false);
      for (const node of nodes) expect((await rest(node, 'GET', '/readyz')).status).toBe(200);
    }
    expect(bob.socket.connected && alice.socket.connected).toBe(true);
    const again = await TestClient.connect(c, bobId, { deviceId: 'phone' });
    expect(again.session.channels['chat']).toMatchObject({
      delivered: offsets[2],
      read: offsets[2],
      unread: 0,
    });

    const { refreshToken } = login;
    expect((await rest(a, 'POST', '/auth/refresh', { body: { refreshToken } })).status).toBe(200);
    expect((await rest(a, 'POST', '/auth/logout', { token: ended.accessToken })).status).toBe(204);
    expect((await rest(a, 'GET', '/inbox', { token: ended.accessToken })).status).toBe(401);
    // Whoever filled it can be kept off, and shut out.
    expect(await again.request('block:set', { user: aliceId, blocked: true })).toMatchObject({ ok: true });
    const change = { token: tokenFor('operator', { scope: 'admin' }), body: { disabled: true } };
    expect((await rest(a, 'PUT', `/admin/users/${aliceId}`, change)).status).toBe(204);
    const newcomer = { username: uniqueUser('new'), password: 'correct horse' };
    expect((await rest(a, 'POST', '/auth/register', { body: newcomer })).status).toBe(503);
  });
});
