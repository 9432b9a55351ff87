import { describeRest } from '../../src/app';
import {
  type BeelineNode,
  closeNodes,
  cutOff,
  freePort,
  rest,
  startNode,
  startRedis,
  TestClient,
  tokenFor,
  uniquePrefix,
  uniqueUser,
  waitUntil,
} from '../support';

const THEIRS = [
  '/metrics',
  '/Metrics',
  '/metrics/',
  '/admin/nodes',
  '/Admin/nodes',
  '/docs',
  '/docs-json',
  '/DOCS/',
];

describe('a port for operators', () => {
  let node: BeelineNode;
  let operators: { url: string };

  beforeAll(async () => {
    const adminPort = await freePort();
    node = await startNode({ REDIS_KEY_PREFIX: uniquePrefix(), ADMIN_PORT: `${adminPort}` });
    operators = { url: `http://127.0.0.1:${adminPort}` };
  });
  afterAll(async () => {
    TestClient.closeAll();
    await closeNodes(node);
  });

  const ask = async (at: { url: string }, path: string): Promise<number> =>
    (await rest(at, 'GET', path, { token: tokenFor('root', { scope: 'admin' }) })).status;

  it.each(THEIRS)('%s is not on the port for everybody', async (path) => {
    expect(await ask(node, path)).toBe(404);
  });

  it('has metrics, administration and the documents', async () => {
    for (const path of ['/admin/nodes', '/docs-json'])
      expect([path, await ask(operators, path)]).toEqual([path, 200]);
    const metrics = await fetch(`${operators.url}/metrics`);
    expect(await metrics.text()).toContain('beeline_ready 1');
  });

  it('has nothing of what is for everybody', async () => {
    for (const path of ['/', '/inbox', '/presence/bob', '/app.js'])
      expect([path, await ask(operators, path)]).toEqual([path, 404]);
  });

  it('both tell whether the node lives and is ready', async () => {
    for (const path of ['/healthz', '/readyz']) {
      expect([await ask(node, path), await ask(operators, path)]).toEqual([200, 200]);
    }
  });

  it('clients connect to the other one only', async () => {
    await TestClient.connect(node, uniqueUser('bob'));
    const stray = TestClient.start(operators, uniqueUser('bob'));
    await expect(stray.connected()).rejects.toThrow('websocket error');
  });

  it('why a node is not ready is said to operators only', async () => {
    const redis = await startRedis();
    const adminPort = await freePort();
    const lost = await startNode({ REDIS_URL: redis.url, ADMIN_PORT: `${adminPort}` });
    try {
      await redis.stop();
      await waitUntil('it is not ready', async () => (await ask(lost, '/readyz')) === 503);
      expect((await rest(lost, 'GET', '/readyz')).body['detail']).toBe('not ready');
      const { body } = await rest({ url: `http://127.0.0.1:${adminPort}` }, 'GET', '/readyz');
      expect(body['detail']).not.toBe('not ready');
    } finally {
      cutOff(lost);
      await closeNodes(lost);
    }
  });
});

/** Whoever keeps `/metrics` from others need not know how else it could be written. */
describe('a route', () => {
  let node: BeelineNode;
  beforeAll(async () => {
    node = await startNode({ REDIS_KEY_PREFIX: uniquePrefix(), LOCAL_ACCOUNTS: 'on' });
  });
  afterAll(() => closeNodes(node));

  const statusOf = async (method: string, path: string): Promise<number> => {
    // A new token each time: one of the routes logs out.
    const token = tokenFor(uniqueUser('root'), { scope: 'admin' });
    const response = await fetch(`${node.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}` },
    });
    await response.arrayBuffer();
    return response.status;
  };

  it('is what it says, letter by letter: neither capitals nor a slash behind it are the same', async () => {
    const { paths } = describeRest(node.app);
    const routes = Object.entries(paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => [method.toUpperCase(), path] as const),
    );
    expect(routes.length).toBeGreaterThan(15);
    for (const [method, path] of routes) {
      const filled = path.replaceAll('{channel}', 'chat').replaceAll(/\{\w+\}/g, 'bob');
      const others = [
        `${filled}/`,
        capitalised(filled),
        filled.replace(/^\/[a-z]+/, (word) => word.toUpperCase()),
      ];
      expect([filled, await statusOf(method, filled)]).not.toContain(404);
      for (const other of others) expect([other, await statusOf(method, other)]).toEqual([other, 404]);
    }
  });

  it('has its document and the metrics there and nowhere else', async () => {
    for (const path of ['/docs', '/docs-json', '/docs/swagger-ui.css', '/metrics'])
      expect([path, await statusOf('GET', path)]).toEqual([path, 200]);
    for (const path of [
      '/Metrics',
      '/metrics/',
      '/Docs',
      '/DOCS-JSON',
      '/docs-json/',
      '/Docs/swagger-ui.css',
    ])
      expect([path, await statusOf('GET', path)]).toEqual([path, 404]);
  });
});

function capitalised(path: string): string {
  return path.replace(/^\/[a-z]/, (start) => start.toUpperCase());
}
