import { Redis } from 'ioredis';
import { Sweeper } from '../../src/routing';
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

const SENDS = 25;
const PREFIX = 'statistics:';
/** No renewal falls into the measurement, and presence outlives it: sweeps are stopped. */
const QUIET = { NODE_LEASE_MS: '600000', SWEEP_INTERVAL_MS: '600000' };

describe("promise 3: by Redis's own statistics", () => {
  let server: RedisServer;
  let redis: Redis;
  let monitor: Redis;
  let seen: string[][] = [];
  let a: BeelineNode;
  let b: BeelineNode;
  let c: BeelineNode;
  let alice: TestClient;
  let bob: string;

  beforeAll(async () => {
    server = await startRedis();
    redis = new Redis(server.url);
    [a, b, c] = await startTrio({ REDIS_URL: server.url, REDIS_KEY_PREFIX: PREFIX, ...QUIET });
    for (const node of [a, b, c]) node.app.get<Sweeper>(Sweeper).stop();
    alice = await TestClient.connect(a, uniqueUser('alice'));
    // Once for the script to be known to the server.
    await alice.send(uniqueUser('nobody'), 0, 'c-0');
    monitor = await redis.monitor();
    monitor.on('monitor', (_time: string, args: string[]) => seen.push(args));
  });
  beforeEach(() => {
    bob = uniqueUser('bob');
  });
  afterAll(async () => {
    TestClient.closeAll();
    await closeNodes(a, b, c);
    monitor.disconnect();
    redis.disconnect();
    await server.stop();
  });

  /** Counts what Redis does for `action`: calls by command, and the channel of every publish. */
  async function measure(action: () => Promise<unknown>) {
    seen = [];
    await redis.config('RESETSTAT');
    await action();
    const stats = await redis.info('commandstats');
    await redis.echo('measured');
    await waitUntil('the monitor has seen all', () => seen.some(([, word]) => word === 'measured'));
    const calls = (command: string) =>
      Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
    return {
      scripts: calls('evalsha'),
      scriptTexts: calls('eval'),
      publishes: calls('publish') + calls('spublish'),
      channels: seen
        .filter(([command]) => command?.toLowerCase() === 'publish')
        .map(([, channel]) => channel),
    };
  }

  const nodeIdOf = async (node: BeelineNode) => String((await rest(node, 'GET', '/readyz')).body['nodeId']);
  const channelOf = async (node: BeelineNode) => `${PREFIX}node:${await nodeIdOf(node)}`;
  const sendMany = () => alice.sendSeries(bob, SENDS);
  /** The first message to somebody costs a look at the sender's contacts more. */
  const getAcquainted = () => alice.sendSeries(bob, 1);

  it('one script and one publish per send to a receiver on another node, on that node’s channel only', async () => {
    await getAcquainted();
    const receiver = await TestClient.connect(b, bob);
    const cost = await measure(async () => {
      await sendMany();
      await receiver.receives(SENDS + 1);
    });
    const channel = await channelOf(b);
    expect(cost).toEqual({
      scripts: SENDS,
      scriptTexts: 0,
      publishes: SENDS,
      channels: Array.from({ length: SENDS }, () => channel),
    });
  });

  it('one publish per node however many devices the receiver has there', async () => {
    await getAcquainted();
    const receivers = await Promise.all([b, b, b, c, a].map((node) => TestClient.connect(node, bob)));
    const cost = await measure(async () => {
      await sendMany();
      for (const receiver of receivers) await receiver.receives(SENDS + 1);
    });
    const [onB, onC] = [await channelOf(b), await channelOf(c)];
    expect(cost.scripts).toBe(SENDS);
    expect(cost.publishes).toBe(2 * SENDS);
    expect(cost.channels.filter((channel) => channel === onB)).toHaveLength(SENDS);
    expect(cost.channels.filter((channel) => channel === onC)).toHaveLength(SENDS);
  });

  it('no publish for a receiver on the same node', async () => {
    await getAcquainted();
    const receiver = await TestClient.connect(a, bob);
    const cost = await measure(async () => {
      await sendMany();
      await receiver.receives(SENDS + 1);
    });
    expect(cost).toEqual({ scripts: SENDS, scriptTexts: 0, publishes: 0, channels: [] });
  });

  it('no publish for a receiver who is offline', async () => {
    await getAcquainted();
    const cost = await measure(sendMany);
    expect(cost).toEqual({ scripts: SENDS, scriptTexts: 0, publishes: 0, channels: [] });
  });

  it('one script per send over REST as well, and one that asks whether its token is revoked', async () => {
    const send = () => rest(c, 'POST', '/messages', { token: tokenFor('carol'), body: { to: bob, body: 1 } });
    const first = await measure(send);
    expect(first).toMatchObject({ scripts: 3, publishes: 0 });
    const cost = await measure(send);
    expect(cost).toMatchObject({ scripts: 2, publishes: 0 });
  });

  it('each node listens to exactly one channel, its own', async () => {
    const own = await Promise.all([a, b, c].map(channelOf));
    const listened = (await redis.pubsub('CHANNELS', `${PREFIX}node:*`)) as string[];
    expect(listened.sort()).toEqual(own.sort());
    const numbers = (await redis.pubsub('NUMSUB', ...own)) as (string | number)[];
    expect(numbers.filter((_, i) => i % 2 === 1).map(Number)).toEqual([1, 1, 1]);
    const clients = String(await redis.client('LIST')).split('\n');
    const subscriptions = clients.filter((line) => line.includes('name=SubscriberRedis'));
    expect(subscriptions.map((line) => / sub=(\d+) psub=(\d+)/.exec(line)?.slice(1))).toEqual(
      Array.from({ length: 3 }, () => ['1', '0']),
    );
  });
});
