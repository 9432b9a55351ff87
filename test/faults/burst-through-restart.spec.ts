import {
  type BeelineNode,
  closeNodes,
  rest,
  startNode,
  TestClient,
  tokenFor,
  uniquePrefix,
  uniqueUser,
  waitUntil,
} from '../support';
import { RedisProcess } from './lib/redis-process';

const COUNT = 100;
const KILLED_AFTER_MS = [0, 1, 2, 4, 8, 16];

/** Promise 2, in the middle of a burst: Redis is killed and comes back with what it had on its disk. */
describe('a burst that one connection sends while Redis is killed and comes back', () => {
  let redis: RedisProcess;
  let node: BeelineNode;

  beforeAll(async () => {
    redis = await RedisProcess.start(RedisProcess.ALWAYS_ON_DISK);
    node = await startNode({ REDIS_KEY_PREFIX: uniquePrefix(), REDIS_URL: redis.url });
  });
  afterAll(async () => {
    TestClient.closeAll();
    await closeNodes(node);
    await redis.close();
  });

  it.each(KILLED_AFTER_MS)('is stored in order, killed after %i ms', async (killedAfterMs) => {
    const bob = uniqueUser('bob');
    const alice = await TestClient.connect(node, uniqueUser('alice'));
    const answers = Array.from({ length: COUNT }, (_, body) =>
      alice.request('message:send', { to: bob, body, clientId: `c-${body}` }),
    );
    await new Promise((resolve) => setTimeout(resolve, killedAfterMs));
    await redis.kill();
    await redis.start();
    const settled = await Promise.all(answers);
    let inbox: Record<string, unknown> = {};
    await waitUntil('the node serves again', async () => {
      const answer = await rest(node, 'GET', '/inbox/chat?after=0-0&limit=200', { token: tokenFor(bob) });
      inbox = answer.body;
      return answer.status === 200 && (await fetch(`${node.url}/readyz`)).ok;
    });
    const stored = (inbox['messages'] as { body: number }[]).map((message) => message.body);
    expect(stored).toEqual([...new Set(stored)].sort((a, b) => a - b));
    expect(stored).toEqual(expect.arrayContaining(settled.flatMap(({ ok }, i) => (ok ? [i] : []))));
    for (const answer of settled) expect(answer.ok ? 'unavailable' : answer.error.code).toBe('unavailable');
  });
});
