import { Redis } from 'ioredis';
import { freePort, type RedisServer, startRedis } from './redis-server';
import { waitUntil } from './wait-until';

const SLOTS = 16_384;

/** Several masters that share the slots between them. */
export interface RedisCluster {
  /** All hosts, as `REDIS_URL` takes them. */
  readonly url: string;
  readonly servers: readonly (RedisServer & ClusterMember)[];
  stop(): Promise<void>;
}

/** A server that is to be part of a Cluster. */
export interface ClusterMember {
  readonly url: string;
  readonly port: number;
  /** What the servers tell each other goes here. */
  readonly busPort: number;
}

/** Redis's own choice of a bus port, ten thousand above the other, does not exist for every free port. */
export function clusterOptions(busPort: number, nodeTimeoutMs = 1000): string[] {
  return [
    '--cluster-enabled',
    'yes',
    '--cluster-node-timeout',
    `${nodeTimeoutMs}`,
    '--cluster-port',
    `${busPort}`,
  ];
}

export async function startRedisCluster(masters = 3): Promise<RedisCluster> {
  const members = await Promise.all(
    Array.from({ length: masters }, async () => {
      const busPort = await freePort();
      const server = await startRedis(...clusterOptions(busPort));
      return { ...server, busPort };
    }),
  );
  await joinCluster(members);
  return {
    url: members.map(({ url }) => url).join(','),
    servers: members,
    stop: async () => {
      await Promise.all(members.map((server) => server.stop()));
    },
  };
}

/** Makes empty servers the masters of one Cluster, each with an equal share of the slots. */
export async function joinCluster(members: readonly ClusterMember[]): Promise<void> {
  const clients = members.map(({ url }) => new Redis(url));
  try {
    await Promise.all(
      clients.map((client, i) => {
        const first = Math.floor((i * SLOTS) / members.length);
        const last = Math.floor(((i + 1) * SLOTS) / members.length) - 1;
        return client.cluster('ADDSLOTSRANGE', first, last);
      }),
    );
    for (const [i, { port, busPort }] of members.entries()) {
      await clients[i]!.call('CLUSTER', 'SET-CONFIG-EPOCH', i + 1);
      await clients[0]!.call('CLUSTER', 'MEET', '127.0.0.1', port, busPort);
    }
    await waitUntil('every master sees the whole cluster', async () => {
      const infos = await Promise.all(clients.map((client) => client.cluster('INFO')));
      return infos.every(
        (info) =>
          String(info).includes('cluster_state:ok') &&
          String(info).includes(`cluster_known_nodes:${members.length}`),
      );
    });
  } finally {
    for (const client of clients) client.disconnect();
  }
}

/** A replica of that master, in step with it. */
export async function joinReplica(master: ClusterMember): Promise<RedisServer> {
  const options = [...clusterOptions(await freePort()), '--cluster-allow-replica-migration', 'no'];
  const replica = await startRedis(...options);
  const client = new Redis(replica.url);
  const masterClient = new Redis(master.url);
  const masterId = String(await masterClient.cluster('MYID'));
  await client.call('CLUSTER', 'MEET', '127.0.0.1', master.port, master.busPort);
  await waitUntil('the replica knows its master', async () =>
    String(await client.cluster('NODES')).includes(masterId),
  );
  await client.cluster('REPLICATE', masterId);
  await waitUntil('it is in step', async () =>
    (await client.info('replication')).includes('master_link_status:up'),
  );
  client.disconnect();
  masterClient.disconnect();
  return replica;
}
