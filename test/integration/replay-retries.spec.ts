import { type EventEmitter, once } from 'node:events';
import { Redis } from 'ioredis';
import { TcpProxy } from '../faults/lib/tcp-proxy';
import {
  type BeelineNode,
  closeNodes,
  NO_SWEEPS,
  type RedisServer,
  startNode,
  startRedis,
  TestClient,
  uniquePrefix,
  uniqueUser,
  waitUntil,
} from '../support';

const MESSAGES = 1200;
/** Five time-outs until the connection is made anew, the pause between two tries, and three times as much, for a busy machine; no sweep comes. */
const SOON_MS = 16_000;

describe('a replay whose page cannot be read', () => {
  let redis: RedisServer;
  let wire: TcpProxy;
  let node: BeelineNode;

  beforeAll(async () => {
    redis = await startRedis();
    wire = await TcpProxy.start(() => [redis.port]);
    node = await startNode({
      ...NO_SWEEPS,
      REDIS_URL: `redis://127.0.0.1:${wire.port}`,
      REDIS_KEY_PREFIX: uniquePrefix(),
      REDIS_COMMAND_TIMEOUT_MS: '500',
      // A renewal that fails would set all feeds reading.
      NODE_LEASE_MS: '60000',
    });
  });
  afterAll(async () => {
    TestClient.closeAll();
    await closeNodes(node);
    wire.close();
    await redis.stop();
  });

  it('goes on soon after the store is back, for everybody, in order and without a gap', async () => {
    const users = [uniqueUser('ann'), uniqueUser('bob'), uniqueUser('cat')];
    const sender = await TestClient.connect(node, uniqueUser('sender'));
    for (const to of users) {
      for (let i = 0; i < MESSAGES; i += 50) {
        await Promise.all(Array.from({ length: 50 }, (_, j) => sender.send(to, i + j, `m-${i + j}`)));
      }
    }
    const admin = new Redis(redis.url);
    const list = String(await admin.client('LIST'));
    admin.disconnect();
    const ports = [...list.matchAll(/addr=127\.0\.0\.1:(\d+) .*name=CommandRedis /g)].map(([, port]) =>
      Number(port),
    );
    expect(ports).toHaveLength(1);
    // So that each page takes its time.
    wire.delay(150);
    const clients = users.map((user) => TestClient.start(node, user));
    const received = (client: TestClient): number[] =>
      client.payloadsOf('message').map((message) => (message as { body: number }).body);
    // At the first message of the first replay.
    await Promise.race(clients.map(({ socket }) => once(socket as unknown as EventEmitter, 'message')));
    // Of commands only: the lease and the node's channel are well, and nothing else sets the feeds reading.
    wire.silence(() => ports);
    expect(clients.some((client) => received(client).length < MESSAGES)).toBe(true);
    await wire.pass();
    await waitUntil(
      'everything is replayed',
      () => clients.every((client) => received(client).length >= MESSAGES),
      SOON_MS,
    );
    for (const client of clients) {
      expect(received(client).toSorted((a, b) => a - b)).toEqual(
        Array.from({ length: MESSAGES }, (_, i) => i),
      );
    }
  }, 60_000);
});
