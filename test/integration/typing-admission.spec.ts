import { Redis } from 'ioredis';
import {
  type BeelineNode,
  closeNodes,
  NO_SWEEPS,
  startNode,
  TestClient,
  uniqueUser,
  waitUntil,
} from '../support';

describe('whether somebody may type to somebody', () => {
  let node: BeelineNode;
  beforeAll(async () => {
    node = await startNode(NO_SWEEPS);
  });
  afterAll(async () => {
    TestClient.closeAll();
    await closeNodes(node);
  });

  it('is asked of the store once, and not where a message has been sent', async () => {
    const [alice, bob, carol] = [uniqueUser('alice'), uniqueUser('bob'), uniqueUser('carol')];
    const client = await TestClient.connect(node, alice);
    const redis = new Redis(String(process.env['TEST_REDIS_URL']));
    const monitor = await redis.monitor();
    const asked: string[] = [];
    monitor.on('monitor', (_time: string, args: string[]) => {
      if (args.some((arg) => arg.includes(`contacts:{${alice}}`))) asked.push(args.join(' '));
    });
    /** How often the store has been asked so far. What a script calls is seen, too, and is not counted. */
    const timesAsked = async (): Promise<number> => {
      const fence = `contacts:{${alice}} ${uniqueUser('fence')}`;
      await redis.echo(fence);
      await waitUntil('all has been seen', () => asked.at(-1)?.endsWith(fence) === true);
      return asked.filter((command) => /^evalsha /i.test(command)).length;
    };
    const type = (to: string) => client.request('typing', { to, typing: true });

    for (let i = 0; i < 4; i += 1) await type(bob);
    expect(await timesAsked()).toBe(1);
    await client.send(bob, 'hi', 'c-1');
    expect(await timesAsked()).toBe(1);
    await client.send(carol, 'hi', 'c-1');
    for (let i = 0; i < 4; i += 1) await type(carol);
    expect(await timesAsked()).toBe(2);
    monitor.disconnect();
    redis.disconnect();
  });
});
