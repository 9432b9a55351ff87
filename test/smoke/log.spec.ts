import { Redis } from 'ioredis';
import {
  type BeelineProcess,
  RawClient,
  type RedisServer,
  rest,
  startProcess,
  startRedis,
  TEST_SECRET,
  TestClient,
  tokenFor,
  uniqueUser,
  waitUntil,
} from '../support';

const PASSWORD = 'zqxj-correct-horse-battery-staple';
const WRONG_PASSWORD = 'zqxj-wrong-horse-battery-staple';
const BODY = 'zqxj-nobody-elses-business';
const REDIS_PASSWORD = 'zqxj-redis-password';

/** Every line is JSON, or this throws. */
function linesOf(log: string): Record<string, unknown>[] {
  return log
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** A story with everything that goes wrong, told to a real process that logs all it can. */
describe('the log at level trace', () => {
  let redis: RedisServer;
  let node: BeelineProcess;
  let store: Redis;
  const secrets = [PASSWORD, WRONG_PASSWORD, BODY, REDIS_PASSWORD, TEST_SECRET];
  const alice = uniqueUser('alice');
  const bob = uniqueUser('bob');

  beforeAll(async () => {
    redis = await startRedis('--requirepass', REDIS_PASSWORD);
    store = new Redis(redis.url, { password: REDIS_PASSWORD });
    node = await startProcess({
      REDIS_URL: redis.url.replace('redis://', `redis://:${REDIS_PASSWORD}@`),
      AUTH_SECRET: TEST_SECRET,
      LOG_LEVEL: 'trace',
      NODE_LEASE_MS: '1500',
      REDIS_COMMAND_TIMEOUT_MS: '500',
      DRAIN_TIMEOUT_MS: '2000',
    });
  });
  afterAll(async () => {
    TestClient.closeAll();
    store?.disconnect();
    node?.kill('SIGKILL');
    await node?.exited;
    await redis?.stop();
  });

  /** What is sent to be refused is no less secret. */
  function secret(text: string): string {
    secrets.push(text);
    return text;
  }

  function keepTokens(body: Record<string, unknown>): { access: string; refresh: string } {
    const [access, refresh] = [String(body['accessToken']), String(body['refreshToken'])];
    // The signature alone, too: whoever has it needs only guess the rest.
    secrets.push(access, refresh, access.split('.')[2] ?? access);
    return { access, refresh };
  }

  async function register(username: string): Promise<void> {
    const answer = await rest(node, 'POST', '/auth/register', { body: { username, password: PASSWORD } });
    expect(answer.status).toBe(201);
    keepTokens(answer.body);
  }

  async function logIn(): Promise<{ access: string; refresh: string }> {
    const right = { username: alice, password: PASSWORD };
    await register(bob);
    await register(alice);
    await rest(node, 'POST', '/auth/register', { body: right });
    await rest(node, 'POST', '/auth/login', { body: { username: alice, password: WRONG_PASSWORD } });
    await rest(node, 'POST', '/auth/login', { text: `{"username":"${alice}","password":"${PASSWORD}` });
    const { refresh } = keepTokens((await rest(node, 'POST', '/auth/login', { body: right })).body);
    const refreshed = await rest(node, 'POST', '/auth/refresh', { body: { refreshToken: refresh } });
    await rest(node, 'POST', '/auth/refresh', { body: { refreshToken: secret('zqxj-no-refresh-token') } });
    return keepTokens(refreshed.body);
  }

  async function sendAndFail(token: string): Promise<void> {
    const body = { text: BODY };
    await rest(node, 'POST', '/messages', { token, body: { to: bob, body } });
    await rest(node, 'POST', '/messages', { token, body: { to: '{no}', body } });
    await rest(node, 'POST', '/messages', { token, body: { to: bob, body: BODY.repeat(1000) } });
    await rest(node, 'POST', '/messages', { token, text: `{"body":"${BODY}` });
    await rest(node, 'GET', `/inbox?token=${token}&note=${BODY}`, {});
    await rest(node, 'GET', `/nowhere/${BODY}?token=${token}`, { token });
    for (const id of ['7b1c-grep-me', `zqxj ${BODY}`])
      await rest(node, 'GET', `/inbox/chat?limit=${BODY}`, { token, headers: { 'X-Request-Id': id } });
    await rest(node, 'GET', '/inbox', { token: secret(tokenFor(bob, {}, -10_000)) });
    await rest(node, 'GET', '/inbox', { token: secret(`${token.slice(0, -4)}zqxj`) });
  }

  async function talkAndFail(token: string): Promise<void> {
    const bobsToken = secret(tokenFor(bob));
    const onPhone = await TestClient.connect(node, bob, { token: bobsToken, deviceId: 'phone' });
    const client = await TestClient.connect(node, alice, { token, deviceId: 'laptop' });
    await client.send(bob, { text: BODY }, 'c-1', { copy: true, receipt: true });
    await onPhone.receives(1);
    await client.request('message:send', { to: bob, body: BODY });
    await client.request('message:send', BODY);
    await client.request(BODY, { body: BODY });
    await client.request('auth:refresh', { token: bobsToken });
    client.writeRaw(`2["message:send",{"body":"${BODY}"`);
    await client.ended();
    const refused = TestClient.start(node, alice, { token: secret('zqxj.zqxj.zqxj') });
    await refused.connected().catch(() => undefined);
    const raw = await RawClient.open(node, `&token=${token}`);
    raw.send(`40{"token":"${token}","deviceId":"{${BODY}}"}`);
    await waitUntil('it is refused', () => raw.frames.some((frame) => frame.startsWith('44')));
    raw.terminate();
  }

  /** A script that fails on what it finds, and a store that is gone: both know the whole command. */
  async function breakTheStore(token: string): Promise<void> {
    const carol = uniqueUser('carol');
    await register(carol);
    await store.set(`beeline:inbox:{${carol}}:chat`, 'no stream');
    await store.set(`beeline:state:{${carol}}`, 'no hash');
    const message = { to: carol, body: { text: BODY } };
    expect((await rest(node, 'POST', '/messages', { token, body: message })).body['code']).toBe('internal');
    const client = await TestClient.connect(node, bob, { token: secret(tokenFor(bob)) });
    await client.request('message:send', { ...message, clientId: 'c-2' });
    await redis.stop();
    const answer = await client.request('message:send', { to: bob, body: BODY, clientId: 'c-3' });
    expect(answer).toMatchObject({ ok: false, error: { code: 'unavailable' } });
    await rest(node, 'POST', '/messages', { token, body: { to: bob, body: BODY } });
    await rest(node, 'POST', '/auth/login', { body: { username: alice, password: PASSWORD } });
  }

  it('has no body, no token, no password and no key, whatever goes wrong', async () => {
    const { access } = await logIn();
    await sendAndFail(access);
    await talkAndFail(access);
    await breakTheStore(access);
    node.kill('SIGTERM');
    await node.exited;

    const log = node.output();
    // It was a story with errors, warnings and debugging, or it shows nothing.
    for (const level of [20, 30, 40, 50]) expect(log).toContain(`"level":${level}`);
    expect(log).toContain('"msg":"connected"');
    const leaked = secrets.filter((text) => text.length > 0 && log.includes(text));
    expect(leaked.map((text) => `${text.slice(0, 12)}…`)).toEqual([]);
    expect(log).not.toContain('zqxj');

    const lines = linesOf(log);
    const having = (fields: object): object[] =>
      lines.filter((line) => Object.entries(fields).every(([key, value]) => line[key] === value));
    const request = { msg: 'request', requestId: '7b1c-grep-me', method: 'GET', route: '/inbox/:channel' };
    expect(having({ ...request, userId: alice, status: 400 })).toHaveLength(1);
    expect(having({ msg: 'store unavailable', level: 40 }).some((line) => 'requestId' in line)).toBe(true);
    expect(having({ msg: 'login refused', level: 30, userId: alice })).toHaveLength(1);
    expect(
      having({ msg: 'message stored', userId: bob, from: alice, channel: 'chat', duplicate: false }),
    ).toHaveLength(2);
    const [connected] = having({ msg: 'connected', userId: alice }) as { connectionId: string }[];
    expect(having({ msg: 'disconnected', connectionId: connected?.connectionId })).toHaveLength(1);
  });
});
