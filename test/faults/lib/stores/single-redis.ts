import { waitUntil } from '../../../support';
import { SteppedClock } from '../faketime';
import { RedisProcess } from '../redis-process';
import { TcpProxy } from '../tcp-proxy';
import type { ArenaStore, Wiring } from './arena-store';

/** A master waits 5 s for further replicas before it begins to copy. */
const SYNC_TIMEOUT_MS = 30_000;

/** One redis-server, which each node reaches through a proxy of its own; replicas may take its place. */
export class SingleRedis implements ArenaStore {
  readonly maxNodes = Number.POSITIVE_INFINITY;
  private readonly replicas: RedisProcess[] = [];

  private constructor(
    public server: RedisProcess,
    /** Only where it was asked for: a clock that can step costs every command a little. */
    public clock: SteppedClock | undefined,
  ) {}

  static async start(
    options: readonly string[] = [],
    { clock }: { clock?: SteppedClock } = {},
  ): Promise<SingleRedis> {
    return new SingleRedis(await RedisProcess.start(options, clock?.environment), clock);
  }

  async connect(): Promise<Wiring> {
    const wire = await TcpProxy.start(() => [this.server.port]);
    return { environment: { REDIS_URL: `redis://127.0.0.1:${wire.port}` }, wire };
  }

  /** A replica that has caught up with the master. */
  async startReplica(options: readonly string[], environment: Record<string, string>): Promise<RedisProcess> {
    // By a command and not by an option: killed as a master and started again, it must not be a replica once more.
    const replica = await RedisProcess.start(options, environment);
    this.replicas.push(replica);
    await replica.command('REPLICAOF', '127.0.0.1', `${this.server.port}`);
    await waitUntil(
      'it follows the master',
      async () => String(await replica.command('INFO', 'replication')).includes('master_link_status:up'),
      SYNC_TIMEOUT_MS,
    );
    return replica;
  }

  keys(): ReturnType<RedisProcess['keys']> {
    return this.server.keys();
  }

  async close(): Promise<void> {
    await Promise.all([this.server, ...this.replicas].map((redis) => redis.close()));
  }
}
