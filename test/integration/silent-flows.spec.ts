import { Redis } from 'ioredis';
import { NodeService } from '../../src/node';
import { ClusterOfRedis } from '../faults/lib/stores/redis-cluster';
import { TcpProxy } from '../faults/lib/tcp-proxy';
import {
  type BeelineNode,
  closeNodes,
  NO_SWEEPS,
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

const TIMEOUT_MS = 500;
/** What is promised, and as much again for a busy machine. */
const WITHIN_MS = 2 * 5 * TIMEOUT_MS;
const SETTINGS = {
  ...NO_SWEEPS,
  REDIS_COMMAND_TIMEOUT_MS: `${TIMEOUT_MS}`,
  // Longer than what is looked at: whose lease is renewed late must not lose it meanwhile.
  NODE_LEASE_MS: '6000',
};

async function isOnline(asked: BeelineNode, user: string): Promise<boolean> {
  const { body } = await rest(asked, 'GET', `/presence/${user}`, { token: tokenFor('asker') });
  return (body['presence'] as Record<string, { online: boolean }> | undefined)?.[user]?.online ?? false;
}

async function isReady(node: BeelineNode): Promise<boolean> {
  return (await rest(node, 'GET', '/readyz')).status === 200;
}

function send(node: BeelineNode, to: string, body: unknown): Promise<number> {
  return rest(node, 'POST', '/messages', { token: tokenFor('sender'), body: { to, body } }).then(
    ({ status }) => status,
  );
}

describe('a connection to Redis that falls silent, and stays so', () => {
  let redis: RedisServer;
  let wire: TcpProxy;
  let near: BeelineNode;
  let far: BeelineNode;
  let bob: string;
  let client: TestClient;

  beforeAll(async () => {
    redis = await startRedis();
    wire = await TcpProxy.start(() => [redis.port]);
    const settings = { ...SETTINGS, REDIS_KEY_PREFIX: uniquePrefix() };
    near = await startNode({ ...settings, REDIS_URL: redis.url });
    far = await startNode({ ...settings, REDIS_URL: `redis://127.0.0.1:${wire.port}` });
  });
  beforeEach(async () => {
    bob = uniqueUser('bob');
    client = await TestClient.connect(far, bob);
  });
  afterEach(() => TestClient.closeAll());
  afterAll(async () => {
    await closeNodes(near, far);
    wire.close();
    await redis.stop();
  });

  /** The flow of that connection of the far node, by the name that Redis knows it by. */
  async function silence(name: string): Promise<void> {
    const admin = new Redis(redis.url);
    const list = String(await admin.client('LIST'));
    admin.disconnect();
    const ports = [...list.matchAll(new RegExp(`addr=127\\.0\\.0\\.1:(\\d+) .*name=${name} `, 'g'))].map(
      ([, port]) => Number(port),
    );
    wire.silence((open) => {
      const ours = open.filter((port) => ports.includes(port));
      expect(ours).toHaveLength(1);
      return ours;
    });
  }

  it('for commands: sends are taken again', async () => {
    await silence('CommandRedis');
    await waitUntil('a send is taken', async () => (await send(far, bob, 'x')) === 201, WITHIN_MS);
    await waitUntil('the node is ready', () => isReady(far), WITHIN_MS);
    expect(await isOnline(near, bob)).toBe(true);
  });

  it('for the lease: the node keeps its id, and its users read online all the time', async () => {
    const { id } = far.app.get(NodeService);
    await silence('LeaseRedis');
    const endsAt = performance.now() + 8000;
    while (performance.now() < endsAt) {
      expect(await isOnline(near, bob)).toBe(true);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    expect(far.app.get(NodeService).id).toBe(id);
    expect(await isReady(far)).toBe(true);
  }, 30_000);

  it('for listening: messages are pushed again, and readiness does not flap', async () => {
    const seen: boolean[] = [];
    const looking = setInterval(() => void isReady(far).then((ready) => seen.push(ready)), 100);
    await silence('SubscriberRedis');
    let sent = 0;
    await waitUntil(
      'one is pushed',
      async () => {
        await send(near, bob, (sent += 1));
        return client.payloadsOf('message').length > 0;
      },
      WITHIN_MS,
    );
    await waitUntil('the node is ready', () => isReady(far), WITHIN_MS);
    await new Promise((resolve) => setTimeout(resolve, 4000));
    clearInterval(looking);
    const flips = seen.filter((ready, i) => i > 0 && ready !== seen[i - 1]).length;
    expect([flips <= 2, seen.at(-1)]).toEqual([true, true]);
  }, 30_000);

  it('for announcements: they come again', async () => {
    await silence('BroadcastRedis');
    const token = tokenFor('root', { scope: 'admin' });
    await waitUntil(
      'one comes',
      async () => {
        await rest(near, 'POST', '/admin/announcements', { token, body: { body: 'hear' } });
        return client.payloadsOf('announcement').length > 0;
      },
      WITHIN_MS,
    );
    expect(client.payloadsOf('announcement')[0]).toMatchObject({ body: 'hear' });
  });
});

describe('all connections to a server of a Cluster that fall silent, and stay so', () => {
  let cluster: ClusterOfRedis;
  let nodes: BeelineNode[];

  beforeAll(async () => {
    cluster = await ClusterOfRedis.start([]);
    const { environment } = await cluster.connect();
    const settings = { ...SETTINGS, ...environment, REDIS_KEY_PREFIX: uniquePrefix() };
    nodes = [await startNode(settings), await startNode(settings)];
  }, 120_000);
  afterAll(async () => {
    TestClient.closeAll();
    await closeNodes(...nodes);
    await cluster.close();
  });

  it('sends are taken and pushed again, whoever the server serves, and announcements come', async () => {
    const [near, far] = nodes as [BeelineNode, BeelineNode];
    const clients = await Promise.all(
      Array.from({ length: 6 }, async (_, i) => {
        const user = uniqueUser(`user-${i}`);
        return { user, client: await TestClient.connect(far, user) };
      }),
    );
    for (const { wire } of (await cluster.servers()).masters) {
      wire.silence();
      for (const { user, client } of clients) {
        const before = client.payloadsOf('message').length;
        await waitUntil(
          `${user} is pushed one`,
          async () => {
            await send(near, user, 'x');
            return client.payloadsOf('message').length > before;
          },
          WITHIN_MS,
        );
      }
      const { client } = clients[0]!;
      const heard = client.payloadsOf('announcement').length;
      const token = tokenFor('root', { scope: 'admin' });
      await waitUntil(
        'an announcement comes',
        async () => {
          await rest(near, 'POST', '/admin/announcements', { token, body: { body: 'hear' } });
          return client.payloadsOf('announcement').length > heard;
        },
        WITHIN_MS,
      );
      for (const node of nodes) await waitUntil('it is ready', () => isReady(node), WITHIN_MS);
    }
    expect(nodes.every((node) => node.app.get(NodeService).isReady)).toBe(true);
  }, 90_000);
});
