import {
  type BeelineProcess,
  RawClient,
  startProcess,
  TEST_SECRET,
  tokenFor,
  uniquePrefix,
  uniqueUser,
  waitUntil,
} from '../support';
import { RedisProcess } from '../faults/lib/redis-process';

/** More than the lines that are allowed: a line for each of them would be seen. */
const CONNECTIONS = Number(process.env['OUTAGE_CONNECTIONS'] ?? 80);
const OUTAGE_MS = Number(process.env['OUTAGE_MS'] ?? 6000);
/** Every state has its line as it begins and as it ends; a state here is one connection to Redis or one kind of task. */
const MOST_LINES = 40;

/** What an operator reads while Redis is away: each state once, then a count a minute, however many are connected. */
describe("a node's log through an outage of Redis", () => {
  let redis: RedisProcess;
  let node: BeelineProcess;

  beforeEach(async () => {
    redis = await RedisProcess.start(RedisProcess.ALWAYS_ON_DISK);
    node = await startProcess({
      REDIS_URL: redis.url,
      REDIS_KEY_PREFIX: uniquePrefix(),
      AUTH_SECRET: TEST_SECRET,
      SWEEP_INTERVAL_MS: '1000',
      MAX_CONNECTIONS_PER_ADDRESS: `${CONNECTIONS + 10}`,
    });
  });
  afterEach(async () => {
    redis.thaw();
    node.kill('SIGKILL');
    await node.exited;
    await redis.close();
  });

  it.each([
    ['away', () => redis.kill(), () => redis.start()],
    ['silent', async () => redis.freeze(), async () => redis.thaw()],
  ])(
    'is a few lines where it is %s, and names no message malformed',
    async (_name, end, begin) => {
      const clients: RawClient[] = [];
      for (let i = 0; i < CONNECTIONS; i += 1) {
        clients.push(await RawClient.connect(node, uniqueUser('user')));
      }
      const before = linesOf(node).length;
      await end();
      const token = tokenFor(uniqueUser('sender'));
      const endsAt = performance.now() + OUTAGE_MS;
      while (performance.now() < endsAt) {
        for (const [i, client] of clients.entries()) {
          client.send(`42${i}["inbox:ack",{"channel":"chat","offset":"last"}]`);
        }
        await fetch(`${node.url}/inbox/chat`, { headers: { authorization: `Bearer ${token}` } });
        await new Promise((resolve) => setTimeout(resolve, 500));
      }
      await begin();
      await waitUntil('it is ready', async () => (await fetch(`${node.url}/readyz`)).ok, 20_000);
      const lines = linesOf(node).slice(before);
      for (const client of clients) client.terminate();
      expect(lines.length).toBeLessThanOrEqual(MOST_LINES);
      expect(lines.filter((line) => line.includes('malformed'))).toEqual([]);
    },
    60_000 + 2 * OUTAGE_MS,
  );
});

function linesOf(node: BeelineProcess): string[] {
  return node.output().split('\n').filter(Boolean);
}
