import {
  type BeelineNode,
  closeNodes,
  type RedisCluster,
  rest,
  startNode,
  startRedisCluster,
  TestClient,
  uniquePrefix,
  uniqueUser,
} from '../support';

/** What managed services give: one address. */
describe('one host of a Redis Cluster as REDIS_URL', () => {
  let cluster: RedisCluster;
  let nodes: BeelineNode[] = [];

  beforeAll(async () => {
    cluster = await startRedisCluster();
    const REDIS_KEY_PREFIX = uniquePrefix();
    // One node by each host: whichever it is.
    nodes = await Promise.all(
      cluster.servers.map(({ url }) => startNode({ REDIS_URL: url, REDIS_KEY_PREFIX })),
    );
  });
  afterAll(async () => {
    TestClient.closeAll();
    await closeNodes(...nodes);
    await cluster.stop();
  });

  it('is opened as a Cluster: everybody can register, on each node, and is reached from each', async () => {
    for (const node of nodes) expect((await rest(node, 'GET', '/readyz')).status).toBe(200);
    const clients = await Promise.all(
      nodes.flatMap((node) => Array.from({ length: 8 }, () => TestClient.connect(node, uniqueUser('user')))),
    );
    for (const [i, client] of clients.entries()) {
      const next = clients[(i + 1) % clients.length]!;
      await client.send(next.session.userId, `from ${i}`, 'c-1');
    }
    await Promise.all(clients.map((client) => client.receives(1)));
    expect(clients.map((client) => client.messages.length)).toEqual(clients.map(() => 1));
  });
});
