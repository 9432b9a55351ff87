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

const PREFIX = 'lost-store:';
const SWEEP_MS = 1000;
const LEASE_MS = 1500;
/** One sweep and a second is promised; twice that is asserted, for a busy machine. */
const HEALED_MS = 2 * (SWEEP_MS + 1000);

describe('when the store forgets', () => {
  let server: RedisServer;
  let redis: Redis;
  let a: BeelineNode;
  let b: BeelineNode;
  let c: BeelineNode;
  let alice: TestClient;
  let bob: string;
  let receiver: TestClient;

  beforeAll(async () => {
    server = await startRedis();
    redis = new Redis(server.url);
    [a, b, c] = await startTrio({
      REDIS_URL: server.url,
      REDIS_KEY_PREFIX: PREFIX,
      SWEEP_INTERVAL_MS: `${SWEEP_MS}`,
      NODE_LEASE_MS: `${LEASE_MS}`,
    });
  });
  beforeEach(async () => {
    bob = uniqueUser('bob');
    alice = await TestClient.connect(a, uniqueUser('alice'));
    receiver = await TestClient.connect(b, bob);
  });
  afterEach(TestClient.closeAll);
  afterAll(async () => {
    await closeNodes(a, b, c);
    redis.disconnect();
    await server.stop();
  });

  const isOnline = async () => {
    const { body } = await rest(c, 'GET', `/presence/${bob}`, { token: tokenFor('asker') });
    return (body['presence'] as Record<string, { online: boolean }>)[bob]?.online === true;
  };
  const nodeIdOf = async (node: BeelineNode) => (await rest(node, 'GET', '/readyz')).body['nodeId'];

  it('promise 5: everything: presence and delivery are whole again within a sweep and a second', async () => {
    const [first] = await alice.sendSeries(bob, 1);
    await receiver.receives(1);
    await redis.flushall();
    // Nobody knows where bob is: only the sweep can bring this one.
    const { offset } = await alice.send(bob, 'into the void', 'c-1');
    await waitUntil('the message has come', () => receiver.messages.length === 2, HEALED_MS);
    await waitUntil('bob is online', isOnline, HEALED_MS);
    expect(receiver.payloadsOf('inbox:truncated')).toEqual([
      { channel: 'chat', since: first, oldest: offset },
    ]);
    expect(receiver.events.slice(-2).map(({ event }) => event)).toEqual(['inbox:truncated', 'message']);

    await alice.send(bob, 'straight again', 'c-2');
    await receiver.receives(3);
    expect(receiver.socket.connected).toBe(true);
  });

  it('its scripts: they are sent again, nobody notices', async () => {
    await redis.script('FLUSH');
    await alice.sendSeries(bob, 3);
    await receiver.receives(3);
    expect(receiver.bodies()).toEqual([0, 1, 2]);
  });

  it("a node's own lease: the node goes on under a new id and keeps its connections", async () => {
    const lostId = String(await nodeIdOf(b));
    await redis.zrem(`${PREFIX}nodes`, lostId);
    await waitUntil(
      'the node has a new id',
      async () => ![lostId, undefined].includes((await nodeIdOf(b)) as string | undefined),
      2 * LEASE_MS,
    );
    await alice.send(bob, 'to the new id', 'c-1');
    await waitUntil('the message has come', () => receiver.messages.length === 1, HEALED_MS);
    expect(receiver.socket.connected).toBe(true);

    const newId = String(await nodeIdOf(b));
    await waitUntil(
      'bob is registered under the new id',
      async () => {
        const entries = await redis.hvals(`${PREFIX}presence:{${bob}}`);
        return entries.length === 1 && entries[0]?.includes(newId) === true;
      },
      HEALED_MS,
    );
    expect(await redis.zrange(`${PREFIX}nodes`, '0', '-1')).not.toContain(lostId);
    expect(await redis.pubsub('NUMSUB', `${PREFIX}node:${lostId}`, `${PREFIX}node:${newId}`)).toEqual([
      `${PREFIX}node:${lostId}`,
      0,
      `${PREFIX}node:${newId}`,
      1,
    ]);
    expect(await isOnline()).toBe(true);
  });
});
