import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApp } from '../../src/app';
import { readConfig } from '../../src/config';
import { StartError } from '../../src/shared';
import { type BeelineNode, type Environment, rest, startNode, TestClient, waitUntil } from '../support';

const PASSWORD = 'a password of good length';

describe('one node on the embedded store', () => {
  let dataDir: string;
  let node: BeelineNode;

  /** No `REDIS_URL` and no key: what `npm start` in a new clone does. */
  const start = (environment: Environment = {}): Promise<BeelineNode> =>
    startNode({ REDIS_URL: '', AUTH_SECRET: '', LOCAL_ACCOUNTS: 'on', DATA_DIR: dataDir, ...environment });

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'beeline-embedded-'));
    node = await start();
  });
  afterEach(async () => {
    await node.close();
    await rm(dataDir, { recursive: true });
  });

  async function restart(): Promise<void> {
    await node.close();
    node = await start();
  }

  async function tokenOf(path: 'register' | 'login', username: string): Promise<string> {
    const answer = await rest(node, 'POST', `/auth/${path}`, { body: { username, password: PASSWORD } });
    expect(answer.status).toBe(path === 'register' ? 201 : 200);
    return answer.body['accessToken'] as string;
  }

  it('promise 7: carries a conversation, and keeps what comes while the receiver is away', async () => {
    const alice = await TestClient.connect(node, 'alice', { token: await tokenOf('register', 'alice') });
    const bobsToken = await tokenOf('register', 'bob');
    const bob = await TestClient.connect(node, 'bob', { token: bobsToken, deviceId: 'phone' });
    const { offset } = await alice.send('bob', 'hi', 'c-1');
    await bob.receives(1);
    await bob.send('alice', 'hi yourself', 'c-1');
    expect((await alice.receives(1))[0]).toMatchObject({ from: 'bob', body: 'hi yourself' });
    await bob.request('inbox:ack', { channel: 'chat', offset });
    bob.close();

    await alice.send('bob', 'are you there?', 'c-2');
    await alice.send('bob', 'are you there?', 'c-2');
    const back = await TestClient.connect(node, 'bob', { token: bobsToken, deviceId: 'phone' });
    expect((await back.receives(1)).map(({ body }) => body)).toEqual(['are you there?']);
    expect(back.session.channels['chat']).toMatchObject({ unread: 2 });
    alice.close();
    back.close();
  });

  it('keeps messages, cursors, accounts, logins and its secret over a restart', async () => {
    const token = await tokenOf('register', 'alice');
    await tokenOf('register', 'bob');
    const login = await rest(node, 'POST', '/auth/login', { body: { username: 'bob', password: PASSWORD } });
    const sent = { to: 'bob', body: 'kept', clientId: 'c-1' };
    const first = await rest(node, 'POST', '/messages', { token, body: sent });
    const { offset } = (await rest(node, 'POST', '/messages', { token, body: { ...sent, clientId: 'c-2' } }))
      .body;
    await restart();

    const again = await rest(node, 'POST', '/messages', { token, body: sent });
    expect(again.body).toEqual({ ...first.body, duplicate: true });
    const refreshToken = login.body['refreshToken'];
    const refreshed = await rest(node, 'POST', '/auth/refresh', { body: { refreshToken } });
    const bobsToken = refreshed.body['accessToken'] as string;
    await rest(node, 'POST', '/inbox/chat/read', {
      token: bobsToken,
      body: { offset: first.body['offset'] },
    });
    await restart();

    const bob = { token: await tokenOf('login', 'bob') };
    const { body } = await rest(node, 'GET', '/inbox', bob);
    expect(body).toMatchObject({
      channels: { chat: { read: first.body['offset'], unread: 1, last: offset } },
    });
    const taken = await rest(node, 'POST', '/auth/register', {
      body: { username: 'bob', password: PASSWORD },
    });
    expect(taken.status).toBe(409);
  });

  it('tells when a user was last seen, after a process that left in order', async () => {
    const token = await tokenOf('register', 'alice');
    const alice = await TestClient.connect(node, 'alice', { token });
    const before = Date.now();
    await restart();
    const after = Date.now();
    alice.close();
    const { presence } = (await rest(node, 'GET', '/presence/alice', { token })).body as {
      presence: { alice: { online: boolean; devices: number; lastSeen: number } };
    };
    expect(presence.alice).toMatchObject({ online: false, devices: 0 });
    expect(presence.alice.lastSeen).toBeGreaterThanOrEqual(before);
    expect(presence.alice.lastSeen).toBeLessThanOrEqual(after);
  });

  it('makes a secret that only its owner can read', async () => {
    const file = join(dataDir, 'secret');
    const secret = await readFile(file, 'utf8');
    expect(Buffer.from(secret.trim(), 'base64url')).toHaveLength(32);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    await restart();
    expect(await readFile(file, 'utf8')).toBe(secret);
  });

  it('refuses a second process on the same directory, in one line that says what to do', async () => {
    const config = readConfig({ DATA_DIR: dataDir, HOST: '127.0.0.1', PORT: '0', LOG_LEVEL: 'silent' });
    const refusal: unknown = await createApp(config).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(StartError);
    expect((refusal as Error).message).toMatch(/^DATA_DIR .* is in use by another process: .*\.$/);
  });

  it('stays ready: the lease is renewed and its own heartbeat heard', async () => {
    const { nodeId } = (await rest(node, 'GET', '/readyz')).body;
    const until = Date.now() + 2 * 1500;
    await waitUntil('two leases have passed', async () => {
      const ready = await rest(node, 'GET', '/readyz');
      expect(ready).toMatchObject({ status: 200, body: { nodeId } });
      return Date.now() > until;
    });
  });
});

describe('the configuration of a store', () => {
  const keep = (): string => 'a secret that a directory keeps, of 32 bytes';

  it('takes the secret of the data directory only where there is neither Redis nor a key', () => {
    expect(readConfig({}, keep).tokenKey).toEqual({ kind: 'own', secret: keep() });
    expect(readConfig({}, keep).localAccounts).toBe(true);
    const jwt = { JWT_SECRET: 'the secret of another issuer, 32 bytes' };
    expect(readConfig(jwt, keep).tokenKey).toMatchObject({ kind: 'shared-secret' });
    expect(() => readConfig({ REDIS_URL: 'redis://127.0.0.1' }, keep)).toThrow('a key is missing');
  });
});
