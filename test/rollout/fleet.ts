import type { History } from '../faults/lib/history';
import { NodeProcess } from '../faults/lib/node-process';
import type { RedisProcess } from '../faults/lib/redis-process';
import { freePort, waitUntil } from '../support';

/** As many as the contract allows in one question. */
const USERS_PER_LOOK = 200;

/** Nodes on ports that the load balancer knows: one more than run at a time, as in a rollout with `maxSurge: 1`. */
export class Fleet {
  private readonly slots = new Map<number, NodeProcess | undefined>();
  private started = 0;

  private constructor(
    readonly ports: readonly number[],
    private readonly redis: RedisProcess,
    private readonly environment: Record<string, string>,
  ) {
    for (const port of ports) this.slots.set(port, undefined);
  }

  static async prepare(
    size: number,
    redis: RedisProcess,
    environment: Record<string, string>,
  ): Promise<Fleet> {
    const ports: number[] = [];
    for (let i = 0; i <= size; i += 1) ports.push(await freePort());
    return new Fleet(ports, redis, environment);
  }

  get living(): NodeProcess[] {
    return [...this.slots.values()].filter((node) => node !== undefined && !node.hasEnded) as NodeProcess[];
  }

  /** One more node, on a port where none is; resolves when it is ready. */
  async add(): Promise<NodeProcess> {
    const free = [...this.slots].find(([, node]) => node === undefined || node.hasEnded);
    if (free === undefined) throw new Error('no port is free');
    const [port] = free;
    const node = await NodeProcess.start(`node-${this.started++}`, {
      REDIS_URL: `redis://127.0.0.1:${this.redis.port}`,
      PORT: `${port}`,
      ...this.environment,
    });
    this.slots.set(port, node);
    await waitUntil(`${node.name} is ready`, () => node.isReady());
    return node;
  }

  /** Asks every node who is there, and writes down what they say. */
  async look(users: readonly string[], history: History): Promise<void> {
    for (let i = 0; i < users.length; i += USERS_PER_LOOK) {
      const some = users.slice(i, i + USERS_PER_LOOK);
      for (const node of this.living) {
        const askedAt = history.now();
        const { body } = await node.ask('POST', '/presence/query', { body: { users: some } });
        const presence = body['presence'] as Record<string, { devices: number }>;
        for (const [user, { devices }] of Object.entries(presence)) {
          history.add({ kind: 'looked', askedAt, at: history.now(), node: node.name, user, devices });
        }
      }
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.living.map((node) => node.kill()));
  }
}
