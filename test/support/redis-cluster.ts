import { Redis } from 'ioredis';
import { type RedisServer, startRedis } from './redis-server';
import { waitUntil } from './wait-until';

const SLOTS = 16_384;

/** Several masters that share the slots between them. */
export interface RedisCluster {
  /** All hosts, as `REDIS_URL` takes them. */
  readonly url: string;
  readonly servers: readonly RedisServer[];
  stop(): Promise<void>;
}

export async function startRedisCluster(masters = 3): Promise<RedisCluster> {
  const options = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '1000'];
  const servers = await Promise.all(Array.from({ length: masters }, () => startRedis(...options)));
  const clients = servers.map(({ url }) => new Redis(url));
  await Promise.all(
    clients.map((client, i) => {
      const first = Math.floor((i * SLOTS) / masters);
      const last = Math.floor(((i + 1) * SLOTS) / masters) - 1;
      return client.cluster('ADDSLOTSRANGE', first, last);
    }),
  );
  for (const [i, { port }] of servers.entries()) {
    await clients[i]!.call('CLUSTER', 'SET-CONFIG-EPOCH', i + 1);
    await clients[0]!.cluster('MEET', '127.0.0.1', port);
  }
  await waitUntil('every master sees the whole cluster', async () => {
    const infos = await Promise.all(clients.map((client) => client.cluster('INFO')));
    return infos.every(
      (info) =>
        String(info).includes('cluster_state:ok') && String(info).includes(`cluster_known_nodes:${masters}`),
    );
  });
  for (const client of clients) client.disconnect();
  return {
    url: servers.map(({ url }) => url).join(','),
    servers,
    stop: async () => {
      await Promise.all(servers.map((server) => server.stop()));
    },
  };
}
