import { TcpProxy } from '../faults/lib/tcp-proxy';
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

const SENDERS = 8;
const LOOK_MS = 3000;

describe('REDIS_WAIT_REPLICAS', () => {
  let redis: RedisServer;
  let node: BeelineNode;
  let patient: BeelineNode;

  const start = (timeoutMs: string): Promise<BeelineNode> =>
    startNode({
      REDIS_URL: redis.url,
      REDIS_KEY_PREFIX: uniquePrefix(),
      REDIS_WAIT_REPLICAS: '1',
      REDIS_COMMAND_TIMEOUT_MS: timeoutMs,
    });

  beforeAll(async () => {
    redis = await startRedis();
    node = await start('600');
    // A busy machine may let a replica that is there wait for long.
    patient = await start('10000');
  });
  afterAll(async () => {
    TestClient.closeAll();
    await closeNodes(node, patient);
    await redis.stop();
  });

  const send = (from: string, at = node): Promise<number> =>
    rest(at, 'POST', '/messages', { token: tokenFor(from), body: { to: 'bob', body: 'x' } }).then(
      ({ status }) => status,
    );

  /** Sends without end, one after the other, and counts the answers. */
  async function sendFor(ms: number, from: string, at = node): Promise<number[]> {
    const statuses: number[] = [];
    for (const endsAt = performance.now() + ms; performance.now() < endsAt;)
      statuses.push(await send(from, at));
    return statuses;
  }

  it('without a replica nobody is acknowledged, and nobody else notices', async () => {
    const sending = Promise.all(Array.from({ length: SENDERS }, (_, i) => sendFor(LOOK_MS, `sender-${i}`)));
    const reads: number[] = [];
    for (const endsAt = performance.now() + LOOK_MS; performance.now() < endsAt;) {
      reads.push((await rest(node, 'GET', '/inbox', { token: tokenFor('reader') })).status);
      await TestClient.connect(node, uniqueUser('new'));
    }
    const statuses = (await sending).flat();
    expect(new Set(statuses)).toEqual(new Set([503]));
    expect(reads.length).toBeGreaterThan(20);
    expect(new Set(reads)).toEqual(new Set([200]));
    // They wait together and not one after the other: half a time-out each.
    expect(statuses.length).toBeGreaterThan(SENDERS * 2);
  }, 20_000);

  it('with a replica far away one wait is for all who ask meanwhile', async () => {
    const wire = await TcpProxy.start(() => [redis.port]);
    const replica = await startRedis('--replicaof', '127.0.0.1', `${wire.port}`);
    try {
      await waitUntil('the replica follows', async () => (await send('first', patient)) === 201, 20_000);
      wire.delay(10);
      await waitUntil('it still does', async () => (await send('second', patient)) === 201);
      const statuses = await Promise.all(
        Array.from({ length: 4 * SENDERS }, (_, i) => sendFor(LOOK_MS, `sender-${i}`, patient)),
      );
      expect(new Set(statuses.flat())).toEqual(new Set([201]));
      process.stdout.write(`${Math.round(statuses.flat().length / (LOOK_MS / 1000))} sends a second\n`);
    } finally {
      wire.close();
      await replica.stop();
    }
  }, 40_000);
});
