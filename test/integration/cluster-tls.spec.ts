import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type BeelineProcess,
  clusterOptions,
  freePort,
  joinCluster,
  type RedisServer,
  startProcess,
  startRedis,
  TEST_SECRET,
  TestClient,
  uniqueUser,
  waitUntil,
} from '../support';

/** `openssl` options for a certificate of that name, and of no address. */
const ofName = (name: string): string[] => ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`];

describe('a Redis Cluster that speaks TLS and has names', () => {
  let folder: string;
  const servers: RedisServer[] = [];
  const nodes: BeelineProcess[] = [];
  let url: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'beeline-tls-'));
    const [key, certificate] = [join(folder, 'key'), join(folder, 'crt')];
    const made = [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-days',
      '1',
      '-keyout',
      key,
      '-out',
      certificate,
    ];
    execFileSync('openssl', [...made, ...ofName('localhost')], { stdio: 'ignore' });
    const members = await Promise.all(
      Array.from({ length: 3 }, async () => {
        const [busPort, tlsPort] = [await freePort(), await freePort()];
        const server = await startRedis(
          ...clusterOptions(busPort),
          ...['--tls-port', `${tlsPort}`, '--tls-cluster', 'yes', '--tls-auth-clients', 'no'],
          ...['--tls-cert-file', certificate, '--tls-key-file', key, '--tls-ca-cert-file', certificate],
          ...['--cluster-announce-hostname', 'localhost', '--cluster-preferred-endpoint-type', 'hostname'],
        );
        servers.push(server);
        return { url: server.url, port: tlsPort, busPort };
      }),
    );
    await joinCluster(members);
    // Whoever looks a name up and goes to the address finds a certificate that is not for it.
    url = `rediss://localhost:${members[0]!.port}`;
    const environment = {
      REDIS_URL: url,
      AUTH_SECRET: TEST_SECRET,
      LOCAL_ACCOUNTS: 'off',
      NODE_EXTRA_CA_CERTS: certificate,
    };
    nodes.push(...(await Promise.all([startProcess(environment), startProcess(environment)])));
  }, 60_000);
  afterAll(async () => {
    TestClient.closeAll();
    for (const node of nodes) node.kill('SIGKILL');
    await Promise.all(nodes.map(({ exited }) => exited));
    await Promise.all(servers.map((server) => server.stop()));
    rmSync(folder, { recursive: true });
  });

  it('is entered by the name of one host, and served by all of them', async () => {
    const [a, b] = nodes as [BeelineProcess, BeelineProcess];
    // Of so many some are in the slots of each master.
    for (let i = 0; i < 12; i += 1) {
      const [alice, bob] = [uniqueUser('alice'), uniqueUser('bob')];
      const sender = await TestClient.connect(a, alice);
      const receiver = await TestClient.connect(b, bob);
      expect(await sender.request('message:send', { to: bob, body: 'hi', clientId: 'c-1' })).toMatchObject({
        ok: true,
      });
      await waitUntil('it arrives', () => receiver.payloadsOf('message').length === 1);
    }
  }, 60_000);
});
