import type { Remains } from '../history';
import { clusterOptions, freePort, joinCluster, waitUntil } from '../../../support';
import { moveSlotOf } from '../../../support/move-slot';
import { RedisProcess } from '../redis-process';
import { TcpProxy } from '../tcp-proxy';
import type { ArenaStore, Wiring } from './arena-store';

const MASTERS = 3;
/** Longer than any server is frozen here: nobody is voted out. */
const NODE_TIMEOUT_MS = 8000;
const FAILOVER_TIMEOUT_MS = 20_000;

interface Member {
  name: string;
  redis: RedisProcess;
  busPort: number;
  /** The only way to this server that nodes are told of. */
  wire: TcpProxy;
}

/**
 * A Redis Cluster of three masters and a replica. Each server announces the port of a proxy, so that the way of all
 * nodes to one server can be ill-treated. A replica takes over only when it is told to, which loses nothing: so the
 * checker may judge every message.
 */
export class ClusterOfRedis implements ArenaStore {
  readonly maxNodes = Number.POSITIVE_INFINITY;

  private constructor(private readonly members: readonly Member[]) {}

  static async start(options: readonly string[]): Promise<ClusterOfRedis> {
    const members: Member[] = [];
    try {
      for (let i = 0; i <= MASTERS; i += 1) members.push(await startMember(`server ${i}`, options));
      await joinCluster(
        members.slice(0, MASTERS).map(({ redis, busPort }) => ({ ...addressOf(redis), busPort })),
      );
      await addReplica(members[0] as Member, members[MASTERS] as Member);
      return new ClusterOfRedis(members);
    } catch (error) {
      await new ClusterOfRedis(members).close();
      throw error;
    }
  }

  async connect(): Promise<Wiring> {
    const hosts = this.members.map(({ wire }) => `redis://127.0.0.1:${wire.port}`);
    return { environment: { REDIS_URL: hosts.join(',') } };
  }

  /** Every server, masters first. */
  async servers(): Promise<{ masters: Member[]; replicas: Member[] }> {
    const masters: Member[] = [];
    const replicas: Member[] = [];
    for (const member of this.members) {
      const role = String(await member.redis.command('INFO', 'replication'));
      (role.includes('role:master') ? masters : replicas).push(member);
    }
    return { masters, replicas };
  }

  /** The replica takes its master's place, once it has everything. False where it could not in time. */
  async failOver(): Promise<boolean> {
    const { replicas } = await this.servers();
    const [replica] = replicas;
    if (replica === undefined) return false;
    try {
      await waitUntil(
        'the replica follows its master',
        () => isFollowing(replica.redis),
        FAILOVER_TIMEOUT_MS,
      );
      await replica.redis.command('CLUSTER', 'FAILOVER');
      await waitUntil(
        'it is the master',
        async () => String(await replica.redis.command('INFO', 'replication')).includes('role:master'),
        FAILOVER_TIMEOUT_MS,
      );
      return true;
    } catch {
      return false;
    }
  }

  /** Moves what has the hash tag of that key to another master, key by key. */
  async moveSlotOf(key: string): Promise<void> {
    const { masters } = await this.servers();
    await moveSlotOf({ servers: masters.map(({ redis }) => addressOf(redis)) }, key);
  }

  async keys(): Promise<Remains['keys']> {
    const { masters } = await this.servers();
    return (await Promise.all(masters.map(({ redis }) => redis.keys()))).flat();
  }

  async close(): Promise<void> {
    for (const { wire } of this.members) wire.close();
    await Promise.all(this.members.map(({ redis }) => redis.close()));
  }
}

async function startMember(name: string, options: readonly string[]): Promise<Member> {
  const [port, busPort] = [await freePort(), await freePort()];
  const wire = await TcpProxy.start(() => [port]);
  const announced = ['--cluster-announce-ip', '127.0.0.1', '--cluster-announce-port', `${wire.port}`];
  const careful = ['--cluster-replica-no-failover', 'yes', '--cluster-require-full-coverage', 'no'];
  const all = [
    ...options,
    ...clusterOptions(busPort, NODE_TIMEOUT_MS),
    ...announced,
    '--cluster-announce-bus-port',
    `${busPort}`,
    ...careful,
  ];
  try {
    return { name, redis: await RedisProcess.start(all, {}, port), busPort, wire };
  } catch (error) {
    wire.close();
    throw error;
  }
}

async function addReplica(master: Member, replica: Member): Promise<void> {
  const masterId = String(await master.redis.command('CLUSTER', 'MYID'));
  const { port } = master.redis;
  await replica.redis.command('CLUSTER', 'MEET', '127.0.0.1', `${port}`, `${master.busPort}`);
  await waitUntil('the replica knows its master', async () =>
    String(await replica.redis.command('CLUSTER', 'NODES')).includes(masterId),
  );
  await waitUntil('the replica may follow its master', async () =>
    replica.redis.command('CLUSTER', 'REPLICATE', masterId).then(
      () => true,
      () => false,
    ),
  );
  await waitUntil('the replica follows its master', () => isFollowing(replica.redis));
}

async function isFollowing(replica: RedisProcess): Promise<boolean> {
  return String(await replica.command('INFO', 'replication')).includes('master_link_status:up');
}

function addressOf({ url, port }: RedisProcess): { url: string; port: number } {
  return { url, port };
}
