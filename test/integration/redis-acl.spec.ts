import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import {
  type BeelineNode,
  closeNodes,
  type RedisServer,
  rest,
  startNode,
  startRedis,
  TestClient,
  tokenFor,
  uniqueUser,
  waitUntil,
} from '../support';

const SHIPPED = join(__dirname, '../../docs/redis-acl.conf');
const NODE_PASSWORD = 'a password of the nodes';
const OTHER_PASSWORD = 'a password of another application';
const JUDGE_PASSWORD = 'a password of this test';

/** They name no key or channel, so that no pattern holds them: what they tell, or do, is of everybody on this Redis. */
const OF_EVERYBODY = [
  ['SCAN', '0'],
  ['KEYS', '*'],
  ['RANDOMKEY'],
  ['DBSIZE'],
  ['PUBSUB', 'CHANNELS'],
  ['PUBSUB', 'NUMSUB', 'beeline:node:any'],
  ['PUBSUB', 'NUMPAT'],
  ['PUBSUB', 'SHARDCHANNELS'],
  ['PUBSUB', 'SHARDNUMSUB', 'beeline:node:any'],
  ['CLIENT', 'LIST'],
  ['CLIENT', 'TRACKING', 'ON', 'BCAST'],
  ['MONITOR'],
  ['SCRIPT', 'FLUSH'],
  ['SCRIPT', 'KILL'],
  ['FUNCTION', 'LIST'],
  ['FUNCTION', 'FLUSH'],
  ['FUNCTION', 'DELETE', 'any'],
  ['FUNCTION', 'LOAD', '#!lua name=any\nredis.register_function("any", function() return 1 end)'],
  ['FLUSHDB'],
  ['SWAPDB', '0', '1'],
];

/** The file as it is shipped, with passwords set, and one user more who may look at everything. */
async function withPasswords(): Promise<string> {
  const quoted = (rule: string) => `"${rule}"`;
  const shipped = await readFile(SHIPPED, 'utf8');
  return [
    shipped
      .replace('>CHANGE-ME-node', quoted(`>${NODE_PASSWORD}`))
      .replace('>CHANGE-ME-other', quoted(`>${OTHER_PASSWORD}`)),
    `user judge on "${`>${JUDGE_PASSWORD}`}" ~* &* +@all`,
    '',
  ].join('\n');
}

describe('docs/redis-acl.conf', () => {
  let folder: string;
  let redis: RedisServer;
  let nodes: BeelineNode[] = [];
  let [a, b] = [] as unknown as [BeelineNode, BeelineNode];
  let judge: Redis;
  const clients: Redis[] = [];

  const urlOf = (user: string, password: string) =>
    `redis://${user}:${encodeURIComponent(password)}@127.0.0.1:${redis.port}`;
  function connect(url: string): Redis {
    // INFO, which the client library would ask for first, is not everybody's.
    const client = new Redis(url, { enableReadyCheck: false });
    clients.push(client);
    return client;
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'beeline-acl-'));
    const file = join(folder, 'redis-acl.conf');
    await writeFile(file, await withPasswords());
    redis = await startRedis('--include', file, '--appendonly', 'yes');
    judge = connect(urlOf('judge', JUDGE_PASSWORD));
    nodes = await Promise.all(
      ['a', 'b'].map((name) =>
        startNode({
          LOCAL_ACCOUNTS: 'on',
          NODE_NAME: name,
          REDIS_URL: urlOf('beeline-node', NODE_PASSWORD),
          REDIS_KEY_PREFIX: 'beeline:',
        }),
      ),
    );
    [a, b] = nodes as [BeelineNode, BeelineNode];
  });
  afterAll(async () => {
    TestClient.closeAll();
    await closeNodes(...nodes);
    for (const client of clients) client.disconnect();
    await redis?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** What Redis refused to whom, by its own account. */
  async function refusedTo(user: string): Promise<string[]> {
    const entries = (await judge.call('ACL', 'LOG', '128')) as string[][];
    return entries
      .map((entry) => (name: string) => entry[entry.indexOf(name) + 1])
      .filter((field) => field('username') === user)
      .map((field) => `${field('reason')}: ${field('object')}`);
  }

  async function register(username: string): Promise<void> {
    const body = { username, password: 'correct horse battery staple' };
    expect((await rest(a, 'POST', '/auth/register', { body })).status).toBe(201);
  }

  it('lets nodes do all that they do: accounts, messages across nodes, presence, sweeps, leaving', async () => {
    const bob = uniqueUser('bob');
    const credentials = { username: uniqueUser('alice'), password: 'correct horse battery staple' };
    await register(bob);
    await register(credentials.username);
    const login = await rest(b, 'POST', '/auth/login', { body: credentials });
    const refreshToken = login.body['refreshToken'];
    expect((await rest(a, 'POST', '/auth/refresh', { body: { refreshToken } })).status).toBe(200);

    const token = String(login.body['accessToken']);
    const onA = await TestClient.connect(a, credentials.username, { token, deviceId: 'laptop' });
    const onB = await TestClient.connect(b, bob, { deviceId: 'phone' });
    await onA.send(bob, 'hello', 'c-1', { copy: true, receipt: true });
    await onB.receives(1);
    const channel = 'chat';
    const offset = onB.messages[0]?.offset;
    for (const event of ['inbox:ack', 'inbox:read']) {
      expect(await onB.request(event, { channel, offset })).toMatchObject({ ok: true });
    }
    expect(await onB.request('inbox:pull', { channel, after: '0-0' })).toMatchObject({ ok: true });
    expect(await onA.request('presence:get', { users: [bob] })).toMatchObject({
      ok: true,
      presence: { [bob]: { online: true } },
    });
    expect((await rest(a, 'GET', '/inbox', { token })).status).toBe(200);

    // A node that leaves, and a new one: the lease, the presence and the channel are given up and taken.
    const passing = await startNode({
      LOCAL_ACCOUNTS: 'on',
      REDIS_URL: urlOf('beeline-node', NODE_PASSWORD),
      REDIS_KEY_PREFIX: 'beeline:',
    });
    const onThird = await TestClient.connect(passing, uniqueUser('carol'));
    await onThird.send(bob, 'and from a third', 'c-1');
    await onB.receives(2);
    await passing.close();
    for (const node of nodes) expect((await rest(node, 'GET', '/readyz')).status).toBe(200);
    expect(await refusedTo('beeline-node')).toEqual([]);
  });

  it('lets nodes announce to each other, over the channel of the adapter', async () => {
    const clients = await Promise.all([a, b].map((node) => TestClient.connect(node, uniqueUser('all'))));
    const token = tokenFor('ops', { scope: 'admin' });
    const { status } = await rest(a, 'POST', '/admin/announcements', { token, body: { body: 'hear!' } });
    expect(status).toBe(202);
    await waitUntil('everybody has heard', () =>
      clients.every((client) => client.payloadsOf('announcement').length === 1),
    );
    expect(await refusedTo('beeline-node')).toEqual([]);
  });

  it('refuses nodes what no node needs', async () => {
    const node = connect(urlOf('beeline-node', NODE_PASSWORD));
    await expect(node.get('other:key')).rejects.toThrow('NOPERM');
    await expect(node.publish('other:channel', '')).rejects.toThrow('NOPERM');
    for (const command of [
      ['FLUSHALL'],
      ['KEYS', '*'],
      ['CONFIG', 'GET', '*'],
      ['SHUTDOWN'],
      ['ACL', 'LIST'],
    ]) {
      await expect(node.call(...(command as [string, ...string[]]))).rejects.toThrow('NOPERM');
    }
  });

  const named = OF_EVERYBODY.map((command) => ({ name: command.slice(0, 2).join(' '), command }));
  it.each(named)('gives neither nodes nor another application $name', async ({ command }) => {
    for (const url of [urlOf('other-app', OTHER_PASSWORD), urlOf('beeline-node', NODE_PASSWORD)]) {
      await expect(connect(url).call(...(command as [string, ...string[]]))).rejects.toThrow('NOPERM');
    }
  });

  it('lets another application use what is its own: keys, channels, transactions, scripts', async () => {
    const other = connect(urlOf('other-app', OTHER_PASSWORD));
    expect(await other.multi().set('other:counter', 1).incr('other:counter').exec()).toEqual([
      [null, 'OK'],
      [null, 2],
    ]);
    const script = `return redis.call('get', KEYS[1])`;
    expect(await other.eval(script, 1, 'other:counter')).toBe('2');
    const sha = String(await other.script('LOAD', script));
    expect(await other.script('EXISTS', sha)).toEqual([1]);
    expect(await other.evalsha(sha, 1, 'other:counter')).toBe('2');
    await expect(other.eval(`return redis.call('scan', '0')`, 0)).rejects.toThrow(/NOPERM|can't run this/);
    const heard = new Promise((resolve) => other.once('message', (...said) => resolve(said)));
    await other.subscribe('other:news');
    await connect(urlOf('other-app', OTHER_PASSWORD)).publish('other:news', 'hear!');
    expect(await heard).toEqual(['other:news', 'hear!']);
  });

  it('lets nobody else publish to a node, listen to one, or touch an inbox', async () => {
    const bob = uniqueUser('bob');
    await register(bob);
    const client = await TestClient.connect(a, bob);
    const { nodeId } = client.session;
    const other = connect(urlOf('other-app', OTHER_PASSWORD));
    await expect(other.set('other:key', '1')).resolves.toBe('OK');
    await expect(other.publish(`beeline:node:${nodeId}`, 'forged')).rejects.toThrow('NOPERM');
    await expect(other.call('SPUBLISH', `beeline:node:${nodeId}`, 'forged')).rejects.toThrow('NOPERM');
    await expect(
      other.eval(`return redis.call('publish', 'beeline:node:${nodeId}', 'x')`, 0),
    ).rejects.toThrow(/can't publish to the channel/);
    await expect(other.subscribe(`beeline:node:${nodeId}`)).rejects.toThrow('NOPERM');
    await expect(other.psubscribe('*')).rejects.toThrow('NOPERM');
    await expect(other.publish('beeline:socket.io#/#', 'forged')).rejects.toThrow('NOPERM');
    await expect(other.xrange(`beeline:inbox:{${bob}}:chat`, '-', '+')).rejects.toThrow('NOPERM');
    await expect(other.del(`beeline:state:{${bob}}`)).rejects.toThrow('NOPERM');
    await waitUntil('Redis has written that down', async () => (await refusedTo('other-app')).length > 0);

    // The node that was meant goes on as if nothing had been.
    await client.send(bob, 'still here', 'c-1');
    await client.receives(1);
  });

  it('lets nobody in without a name', async () => {
    const nobody = connect(`redis://127.0.0.1:${redis.port}`);
    nobody.on('error', () => undefined);
    await expect(nobody.publish('beeline:node:any', 'forged')).rejects.toThrow('NOAUTH');
    await expect(nobody.get('beeline:nodes')).rejects.toThrow('NOAUTH');
  });
});
