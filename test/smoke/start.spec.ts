import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { TcpProxy } from '../faults/lib/tcp-proxy';
import {
  clusterOptions,
  freePort,
  launch,
  type RedisServer,
  rest,
  runToEnd,
  startProcess,
  startRedis,
  TEST_SECRET,
  uniquePrefix,
  waitUntil,
} from '../support';

const KEY = { AUTH_SECRET: TEST_SECRET, PORT: '0', HOST: '127.0.0.1' };
/** A busy machine may take seconds for the first answer of all. */
const IMPATIENT = { ...KEY, START_TIMEOUT_MS: '3000', REDIS_COMMAND_TIMEOUT_MS: '1000', LOG_LEVEL: 'silent' };
const IN_VAIN = 'The store could not be used within 3000 ms (START_TIMEOUT_MS): ';

/** It takes what comes, and says nothing. */
async function startSilent(): Promise<{ port: number; close: () => void }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => sockets.add(socket.on('error', () => undefined)));
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    port,
    close: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

describe('a node whose store can not be used', () => {
  let plain: RedisServer;
  let locked: RedisServer;
  let tls: RedisServer;
  let emptyCluster: RedisServer;
  let silent: { port: number; close: () => void };
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'beeline-start-'));
    const [key, certificate] = ['key', 'crt'].map((end) => join(folder, end)) as [string, string];
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
    execFileSync(
      'openssl',
      [
        'req',
        '-x509',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-days',
        '1',
        ...subject,
        '-keyout',
        key,
        '-out',
        certificate,
      ],
      { stdio: 'ignore' },
    );
    const [tlsPort, busPort] = [await freePort(), await freePort()];
    [plain, locked, tls, emptyCluster] = await Promise.all([
      startRedis(),
      startRedis('--requirepass', 'the right password'),
      startRedis(
        ...['--tls-port', `${tlsPort}`, '--port', '0', '--tls-auth-clients', 'no'],
        ...['--tls-cert-file', certificate, '--tls-key-file', key, '--tls-ca-cert-file', certificate],
      ),
      startRedis(...clusterOptions(busPort)),
    ]);
    tls = { ...tls, port: tlsPort };
    silent = await startSilent();
    const admin = new Redis(plain.url);
    const rights = ['on', '>p', '~*', '&*', '+@all'];
    await admin.call('ACL', 'SETUSER', 'no-scripts', ...rights, '-evalsha', '-eval');
    await admin.call('ACL', 'SETUSER', 'no-channels', 'on', '>p', '~*', 'resetchannels', '&other:*', '+@all');
    await admin.call('ACL', 'SETUSER', 'no-keys', 'on', '>p', '~other:*', '&*', '+@all');
    admin.disconnect();
  });
  afterAll(async () => {
    silent.close();
    await Promise.all([plain, locked, tls, emptyCluster].map((server) => server.stop()));
    await rm(folder, { recursive: true });
  });

  const at = (port: number, before = 'redis://', host = '127.0.0.1'): string => `${before}${host}:${port}`;
  const cases: [string, () => string, string | RegExp][] = [
    ['refuses', () => at(1), 'looking at Redis: 127.0.0.1:1: connection refused (ECONNREFUSED)'],
    [
      'is unknown',
      () => 'redis://nowhere.invalid:6379',
      /looking at Redis: nowhere.invalid:6379: unknown host/,
    ],
    ['is silent', () => at(silent.port), /looking at Redis: 127.0.0.1:\d+: no answer within 1000 ms/],
    ['wants a password', () => at(locked.port), /looking at Redis: 127.0.0.1:\d+: NOAUTH /],
    ['has another password', () => at(locked.port, 'redis://:wrong@'), /: WRONGPASS /],
    ['speaks no TLS', () => at(plain.port, 'rediss://'), /: no answer to TLS in time: .*redis:\/\//],
    ['speaks TLS only', () => at(tls.port), /: the connection was closed before any answer: .*rediss:\/\//],
    [
      'has a certificate of its own',
      () => at(tls.port, 'rediss://', 'localhost'),
      /localhost:\d+: self-signed cert/,
    ],
    ['has no such database', () => `${plain.url}/99`, /: ERR DB index is out of range/],
    ['is a Cluster without slots', () => emptyCluster.url, /: the Cluster has no slots/],
    [
      'is no Cluster',
      () => `${plain.url},127.0.0.1:1`,
      /is no Redis Cluster; 127.0.0.1:1: connection refused/,
    ],
    [
      'allows no scripts',
      () => at(plain.port, 'redis://no-scripts:p@'),
      /taking the lease: NOPERM .*evalsha/,
    ],
    ['allows no keys of ours', () => at(plain.port, 'redis://no-keys:p@'), /taking the lease: NOPERM/],
    [
      'allows no channel',
      () => at(plain.port, 'redis://no-channels:p@'),
      /listening on the node's channel: NOPERM/,
    ],
  ];

  it.each(cases)('that %s ends in time with one line that says so', async (_what, url, words) => {
    const { code, output } = await runToEnd('dist/main.js', [], { ...IMPATIENT, REDIS_URL: url() });
    expect(output.startsWith(IN_VAIN)).toBe(true);
    expect(output.slice(IN_VAIN.length)).toMatch(words);
    expect(output.trimEnd()).not.toContain('\n');
    expect(output).not.toMatch(/wrong@|:p@/);
    expect(code).toBe(1);
  });

  it('that has no sharded channels, in a Cluster, ends so', async () => {
    const server = await startRedis(
      ...clusterOptions(await freePort()),
      ...['--rename-command', 'SSUBSCRIBE', ''],
      ...['--cluster-announce-ip', '127.0.0.1'],
    );
    const admin = new Redis(server.url);
    await admin.cluster('ADDSLOTSRANGE', 0, 16_383);
    await waitUntil('it serves', async () =>
      String(await admin.cluster('INFO')).includes('cluster_state:ok'),
    );
    admin.disconnect();
    const { code, output } = await runToEnd('dist/main.js', [], { ...IMPATIENT, REDIS_URL: server.url });
    expect(output).toMatch(
      /^The store could not be used .*: listening on the node's channel: ERR unknown command 'ssubscribe'.*\n$/,
    );
    expect(code).toBe(1);
    await server.stop();
  });

  it('that serves only some of its slots ends so', async () => {
    const server = await startRedis(...clusterOptions(await freePort()));
    const admin = new Redis(server.url);
    await admin.cluster('ADDSLOTSRANGE', 0, 100);
    admin.disconnect();
    const { code, output } = await runToEnd('dist/main.js', [], { ...IMPATIENT, REDIS_URL: server.url });
    expect(output).toMatch(
      /^The store could not be used .*: looking at Redis: 127.0.0.1:\d+: CLUSTERDOWN.*\n$/,
    );
    expect(code).toBe(1);
    await server.stop();
  });

  it('says every five seconds that it waits, and for what', async () => {
    const { code, output } = await runToEnd('dist/main.js', [], {
      ...IMPATIENT,
      LOG_LEVEL: 'warn',
      START_TIMEOUT_MS: '11000',
      REDIS_URL: at(silent.port),
    });
    const lines = output.split('\n').filter((line) => line.startsWith('{'));
    const said = lines.map((line) => JSON.parse(line) as { msg: string; problem: string; waitedMs: number });
    expect(said.map(({ msg }) => msg)).toEqual(Array(said.length).fill('waiting for the store'));
    expect(said.length).toBeGreaterThanOrEqual(2);
    expect(said.length).toBeLessThanOrEqual(3);
    for (const { problem } of said) expect(problem).toMatch(/127.0.0.1:\d+: no answer within 1000 ms/);
    for (const [i, { waitedMs }] of said.slice(1).entries()) {
      expect(waitedMs - said[i]!.waitedMs).toBeGreaterThanOrEqual(5000);
    }
    expect(code).toBe(1);
  }, 60_000);

  it('ends at once when it is told to, while it waits', async () => {
    const node = launch({
      ...KEY,
      LOG_LEVEL: 'warn',
      REDIS_URL: at(silent.port),
      REDIS_COMMAND_TIMEOUT_MS: '300',
    });
    await waitUntil('it waits', () => node.output().includes('waiting for the store'), 30_000);
    const askedAt = performance.now();
    node.kill('SIGTERM');
    expect(await node.exited).toBe(0);
    expect(performance.now() - askedAt).toBeLessThan(2000);
  });

  it('waits for one that is away for a moment', async () => {
    const port = await freePort();
    const environment = { ...KEY, REDIS_URL: at(port), REDIS_KEY_PREFIX: uniquePrefix() };
    const node = launch(environment);
    await waitUntil('it waits', () => node.output().includes('connection refused'), 20_000);
    const redis = await startRedis('--port', `${port}`);
    await waitUntil('it listens', () => node.output().includes('"listening"'), 20_000);
    const url = /"url":"([^"]+)"/.exec(node.output())?.[1] ?? '';
    await waitUntil('it is ready', async () => (await rest({ url }, 'GET', '/readyz')).status === 200);
    expect(node.output().match(/waiting for the store/g)).toHaveLength(1);
    node.kill('SIGTERM');
    expect(await node.exited).toBe(0);
    await redis.stop();
  });

  it.each([
    ['cut', () => []],
    ['silent', () => [silent.port]],
  ])(
    'waits where, after the first look, the next ten connections are %s',
    async (_what, faulty) => {
      let connections = 0;
      const wire = await TcpProxy.start(() => {
        connections += 1;
        return connections === 1 || connections > 11 ? [plain.port] : faulty();
      });
      const environment = { ...KEY, REDIS_URL: at(wire.port), REDIS_COMMAND_TIMEOUT_MS: '500' };
      const node = await startProcess({
        ...environment,
        REDIS_KEY_PREFIX: uniquePrefix(),
        REDIS_WAIT_REPLICAS: '1',
      });
      await waitUntil('it is ready', async () => (await rest(node, 'GET', '/readyz')).status === 200, 20_000);
      expect(connections).toBeGreaterThan(15);
      node.kill('SIGTERM');
      expect(await node.exited).toBe(0);
      wire.close();
    },
    60_000,
  );
});
