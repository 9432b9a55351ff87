import {
  type BeelineProcess,
  startProcess,
  TEST_SECRET,
  TestClient,
  uniquePrefix,
  waitUntil,
} from '../support';

const LINE = 'X-Forwarded-For counts for nothing: TRUSTED_PROXIES is 0';
const FORWARDED = { 'x-forwarded-for': '192.0.2.1' };

describe('a proxy that says who its clients are', () => {
  const nodes: BeelineProcess[] = [];

  async function start(environment: Record<string, string> = {}): Promise<BeelineProcess> {
    const node = await startProcess({
      REDIS_URL: String(process.env['TEST_REDIS_URL']),
      REDIS_KEY_PREFIX: uniquePrefix(),
      AUTH_SECRET: TEST_SECRET,
      ...environment,
    });
    nodes.push(node);
    return node;
  }
  afterEach(async () => {
    TestClient.closeAll();
    for (const node of nodes.splice(0)) {
      node.kill('SIGKILL');
      await node.exited;
    }
  });

  const told = (node: BeelineProcess): { level: number; count: number }[] =>
    node
      .output()
      .split('\n')
      .filter((line) => line.includes(LINE))
      .map((line) => JSON.parse(line) as { level: number; count: number });
  const ask = (node: BeelineProcess, headers: Record<string, string>): Promise<Response> =>
    fetch(`${node.url}/healthz`, { headers });

  it('is told of where no proxy is trusted, in one line however many requests there are', async () => {
    const node = await start();
    await ask(node, {});
    expect(told(node)).toEqual([]);
    for (let i = 0; i < 20; i += 1) await ask(node, FORWARDED);
    await waitUntil('it is told', () => told(node).length > 0);
    await ask(node, FORWARDED);
    expect(told(node)).toMatchObject([{ level: 40, count: 1 }]);
  });

  it('is told of where only WebSockets come by it', async () => {
    const node = await start();
    await TestClient.connect(node, 'alice', { headers: FORWARDED });
    await waitUntil('it is told', () => told(node).length > 0);
    expect(told(node)).toHaveLength(1);
  });

  it('is not told of where it is listened to', async () => {
    const node = await start({ TRUSTED_PROXIES: '1' });
    await ask(node, FORWARDED);
    await TestClient.connect(node, 'alice', { headers: FORWARDED });
    expect(told(node)).toEqual([]);
  });
});
