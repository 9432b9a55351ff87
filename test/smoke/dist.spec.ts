import { Redis } from 'ioredis';
import {
  aNumber,
  type BeelineProcess,
  rest,
  runToEnd,
  startProcess,
  TEST_SECRET,
  TestClient,
  tokenFor,
  uniquePrefix,
  uniqueUser,
  waitUntil,
} from '../support';

const LEASE_MS = 1500;
const SWEEP_MS = 1000;
/** 4/3 of the lease and a second is promised; twice that is asserted, for a busy machine. */
const FOUND_DEAD_MS = 2 * ((4 / 3) * LEASE_MS + 1000);

/** The real build, as it is deployed: `npm test` builds before. */
describe('three processes of `node dist/main.js` on one Redis', () => {
  const prefix = uniquePrefix();
  let redis: Redis;
  let processes: BeelineProcess[] = [];
  let [a, b, c] = [] as unknown as [BeelineProcess, BeelineProcess, BeelineProcess];

  const start = (name: string, environment: Record<string, string> = {}) =>
    startProcess({
      REDIS_URL: process.env['TEST_REDIS_URL'] ?? '',
      REDIS_KEY_PREFIX: prefix,
      AUTH_SECRET: TEST_SECRET,
      LOCAL_ACCOUNTS: 'off',
      NODE_NAME: name,
      NODE_LEASE_MS: `${LEASE_MS}`,
      SWEEP_INTERVAL_MS: `${SWEEP_MS}`,
      DRAIN_TIMEOUT_MS: '5000',
      ...environment,
    });
  const presenceOf = async (user: string) => {
    const { body } = await rest(a, 'GET', `/presence/${user}`, { token: tokenFor('asker') });
    return (body['presence'] as Record<string, { online: boolean; devices: number }>)[user];
  };
  const nodesListed = () => redis.zrange(`${prefix}nodes`, '0', '-1');

  beforeAll(async () => {
    redis = new Redis(process.env['TEST_REDIS_URL'] ?? '');
    processes = await Promise.all(['a', 'b', 'c'].map((name) => start(name)));
    [a, b, c] = processes as [BeelineProcess, BeelineProcess, BeelineProcess];
  });
  afterAll(async () => {
    TestClient.closeAll();
    for (const node of processes) node.kill('SIGKILL');
    await Promise.all(processes.map(({ exited }) => exited));
    redis.disconnect();
  });

  it('serve health, readiness and the description of REST', async () => {
    expect(await rest(a, 'GET', '/healthz')).toMatchObject({ status: 200, body: { status: 'ok' } });
    const nodeIds = await Promise.all(
      [a, b, c].map(async (node) => {
        const { status, body } = await rest(node, 'GET', '/readyz');
        expect(status).toBe(200);
        return String(body['nodeId']);
      }),
    );
    expect((await nodesListed()).sort()).toEqual(nodeIds.sort());
    const { body } = await rest(a, 'GET', '/docs-json');
    expect(body['openapi']).toMatch(/^3\./);
    expect(Object.keys(body['paths'] as object)).toEqual(
      expect.arrayContaining(['/messages', '/inbox/{channel}', '/auth/login', '/presence/query', '/readyz']),
    );
    const page = await fetch(`${a.url}/docs`);
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('swagger-ui');
  });

  it('let people register, log in and refresh on any of them', async () => {
    const credentials = { username: uniqueUser('alice'), password: 'correct horse battery staple' };
    const keeping = await Promise.all(['d', 'e'].map((name) => start(name, { LOCAL_ACCOUNTS: 'on' })));
    processes.push(...keeping);
    const [d, e] = keeping as [BeelineProcess, BeelineProcess];
    const registered = await rest(d, 'POST', '/auth/register', { body: credentials });
    expect(registered).toMatchObject({
      status: 201,
      body: { tokenType: 'Bearer', expiresIn: aNumber() },
    });
    const again = await rest(e, 'POST', '/auth/register', { body: credentials });
    expect(again).toMatchObject({ status: 409, body: { code: 'conflict' } });
    const login = await rest(e, 'POST', '/auth/login', { body: credentials });
    const refreshed = await rest(d, 'POST', '/auth/refresh', {
      body: { refreshToken: login.body['refreshToken'] },
    });
    expect(refreshed.status).toBe(200);
    const client = await TestClient.connect(a, credentials.username, {
      token: String(refreshed.body['accessToken']),
    });
    expect(client.session.userId).toBe(credentials.username);
  });

  it('carry a conversation across processes, and to somebody offline', async () => {
    const [alice, bob] = [uniqueUser('alice'), uniqueUser('bob')];
    const onA = await TestClient.connect(a, alice, { deviceId: 'laptop' });
    const onB = await TestClient.connect(b, bob, { deviceId: 'phone' });
    await onA.send(bob, 'ping', 'c-1');
    await onB.receives(1);
    await onB.send(alice, 'pong', 'c-1');
    await onA.receives(1);
    expect([onB.bodies(), onA.bodies()]).toEqual([['ping'], ['pong']]);

    await onB.request('inbox:ack', { channel: 'chat', offset: onB.messages[0]?.offset });
    onB.close();
    await waitUntil('bob is offline', async () => (await presenceOf(bob))?.online === false);
    await onA.send(bob, 'are you there?', 'c-2');
    const onC = await TestClient.connect(c, bob, { deviceId: 'phone' });
    expect(onC.bodies()).toEqual(['are you there?']);
  });

  it('take tokens of `npm run token`', async () => {
    const user = uniqueUser('crm');
    const args = ['--sub', user, '--scope', 'send:any'];
    const { code, output } = await runToEnd('scripts/token.mjs', args, { AUTH_SECRET: TEST_SECRET });
    expect(code).toBe(0);
    const token = output.trim();
    const client = await TestClient.connect(b, user, { token });
    expect(client.session.userId).toBe(user);
    const { status } = await rest(a, 'POST', '/messages', {
      token,
      body: { from: 'system', to: user, body: 1 },
    });
    expect(status).toBe(201);
    await client.receives(1);
  });

  it('are left in order on SIGTERM: clients told, presence empty, off the list, exit code 0', async () => {
    const leaving = await start('leaving');
    processes.push(leaving);
    const bob = uniqueUser('bob');
    const client = await TestClient.connect(leaving, bob, { deviceId: 'phone' });
    expect(await nodesListed()).toContain(client.session.nodeId);
    leaving.kill('SIGTERM');
    expect(await client.ended()).toBe('transport close');
    expect(client.payloadsOf('session:end')).toMatchObject([{ reason: 'draining', reconnect: true }]);
    expect(await leaving.exited).toBe(0);
    expect(await redis.exists(`${prefix}presence:{${bob}}`)).toBe(0);
    expect(await nodesListed()).not.toContain(client.session.nodeId);
    expect(await presenceOf(bob)).toMatchObject({ online: false, devices: 0 });
  });

  it('survive one of them killed outright: its users read offline, what is sent meanwhile arrives elsewhere', async () => {
    const killed = await start('killed');
    processes.push(killed);
    const [alice, bob] = [uniqueUser('alice'), uniqueUser('bob')];
    const onA = await TestClient.connect(a, alice);
    const before = await TestClient.connect(killed, bob, { deviceId: 'phone' });
    killed.kill('SIGKILL');
    await killed.exited;
    expect(await before.ended()).toBe('transport close');
    await onA.send(bob, 'after the crash', 'c-1');
    await waitUntil('bob is offline', async () => (await presenceOf(bob))?.online === false, FOUND_DEAD_MS);
    const after = await TestClient.connect(c, bob, { deviceId: 'phone' });
    expect(after.bodies()).toEqual(['after the crash']);
  });
});

describe('a node with a wrong configuration', () => {
  it('does not start, and names everything that is wrong at once, without repeating it', async () => {
    const { code, output } = await runToEnd('dist/main.js', [], {
      PORT: 'zqxj',
      REDIS_URL: 'http://zqxj.example.com',
      AUTH_SECRET: 'zqxj',
      CHANNELS: 'chat,sent',
      LOG_LEVEL: 'zqxj',
      INBOX_MAX_LENGTH: '0',
    });
    expect(code).toBe(1);
    for (const name of ['PORT', 'REDIS_URL', 'AUTH_SECRET', 'CHANNELS', 'LOG_LEVEL', 'INBOX_MAX_LENGTH']) {
      expect(output).toContain(`- ${name} must`);
    }
    expect(output).not.toContain('zqxj');
  });

  it('does not start on Redis without a key, which every node must have', async () => {
    const { code, output } = await runToEnd('dist/main.js', [], { REDIS_URL: 'redis://127.0.0.1:1' });
    expect(code).toBe(1);
    expect(output).toContain('a key is missing');
  });
});
