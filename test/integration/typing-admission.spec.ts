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

describe('typing to somebody new', () => {
  let a: BeelineNode;
  beforeAll(async () => {
    a = await startNode(NO_SWEEPS);
  });
  afterAll(async () => {
    TestClient.closeAll();
    await closeNodes(a);
  });

  it('asks the store once, of whomever: not again for one who has been admitted, by typing or by a send', async () => {
    const alicesName = uniqueUser('alice');
    const alice = await TestClient.connect(a, alicesName);
    const typing = (client: TestClient, to: string) => client.request('typing', { to, typing: true });
    const send = (client: TestClient, to: string) =>
      client.request('message:send', { to, body: 'hi', clientId: uniqueUser('c') });
    const [bob, carol] = [uniqueUser('bob'), uniqueUser('carol')];
    const redis = new Redis(String(process.env['TEST_REDIS_URL']));
    const monitor = await redis.monitor();
    const asked: string[] = [];
    monitor.on('monitor', (_time: string, args: string[]) => {
      if (args.some((arg) => arg.includes(`contacts:{${alicesName}}`))) asked.push(args.join(' '));
    });
    await typing(alice, bob);
    for (let i = 0; i < 3; i += 1) await typing(alice, bob);
    await send(alice, bob);
    await send(alice, carol);
    for (let i = 0; i < 3; i += 1) await typing(alice, carol);
    await redis.echo(`contacts:{${alicesName}} end`);
    await waitUntil('all has been seen', () => asked.at(-1)?.endsWith('end') === true);
    monitor.disconnect();
    redis.disconnect();
    // What a script calls is seen, too.
    expect(asked.filter((command) => command.toLowerCase().startsWith('evalsha'))).toHaveLength(2);
  });
});
