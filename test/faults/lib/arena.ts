import { uniquePrefix, waitUntil } from '../../support';
import { History, type Remains } from './history';
import { FAULT_ENVIRONMENT, NodeProcess } from './node-process';
import { RedisProcess } from './redis-process';
import { readRemains } from './remains';
import { TcpProxy } from './tcp-proxy';

/** As many as the contract allows in one question. */
const USERS_PER_LOOK = 200;

/**
 * A cluster to be ill-treated: one Redis of its own, nodes that each reach it through a proxy of their own, and one
 * load balancer in front of the nodes, through which clients come back to whoever is there.
 */
export class Arena {
  nodes: NodeProcess[] = [];
  history = new History();
  private readonly wires = new Map<NodeProcess, TcpProxy>();
  private readonly replicas: RedisProcess[] = [];
  private readonly clientWires: TcpProxy[] = [];
  private readonly prefix = uniquePrefix();
  private started = 0;

  private constructor(
    public redis: RedisProcess,
    readonly front: TcpProxy,
    private readonly environment: Record<string, string>,
  ) {}

  static async start(redisOptions: readonly string[], environment: Record<string, string>): Promise<Arena> {
    const redis = await RedisProcess.start(redisOptions);
    const front = await TcpProxy.start(() => arena.running.map(({ port }) => port));
    const arena: Arena = new Arena(redis, front, environment);
    return arena;
  }

  /** What a node is set to here, in ms. */
  setting(name: keyof typeof FAULT_ENVIRONMENT): number {
    return Number(this.environment[name] ?? FAULT_ENVIRONMENT[name]);
  }

  /** As many living nodes as wanted, neither more nor fewer, and a history that begins here. */
  async prepare(size: number): Promise<void> {
    this.history = new History();
    this.nodes = this.living;
    await Promise.all(this.nodes.slice(size).map((node) => node.terminate()));
    this.nodes = this.living;
    await Promise.all(Array.from({ length: size - this.nodes.length }, () => this.startNode()));
    await waitUntil('every node is ready', async () =>
      (await Promise.all(this.nodes.map((node) => node.isReady()))).every(Boolean),
    );
  }

  /** One more node, and the load balancer knows it. */
  async startNode(environment: Record<string, string> = {}): Promise<NodeProcess> {
    const name = `n${this.started++}`;
    const wire = await TcpProxy.start(() => [this.redis.port]);
    try {
      const node = await NodeProcess.start(name, {
        REDIS_URL: `redis://127.0.0.1:${wire.port}`,
        REDIS_KEY_PREFIX: this.prefix,
        ...this.environment,
        ...environment,
      });
      this.nodes.push(node);
      this.wires.set(node, wire);
      return node;
    } catch (error) {
      wire.close();
      throw error;
    }
  }

  /** A replica that has caught up with the master. */
  async startReplica(environment: Record<string, string> = {}): Promise<RedisProcess> {
    const replica = await RedisProcess.start(['--replicaof', '127.0.0.1', `${this.redis.port}`], environment);
    this.replicas.push(replica);
    await waitUntil('it follows the master', async () =>
      String(await replica.command('INFO', 'replication')).includes('master_link_status:up'),
    );
    return replica;
  }

  /** The master dies, the replica takes over, and every node is led to it. */
  async failOver(replica: RedisProcess): Promise<void> {
    await this.redis.close();
    this.redis = replica;
    this.history.add({ kind: 'store-lost', at: this.history.now() });
    await replica.command('REPLICAOF', 'NO', 'ONE');
    for (const wire of this.wires.values()) wire.cutAll();
    this.fault('failed over');
  }

  /** Between that node and Redis. */
  wireOf(node: NodeProcess): TcpProxy {
    const wire = this.wires.get(node);
    if (wire === undefined) throw new Error(`${node.name} has no wire`);
    return wire;
  }

  /** A way of its own for a client to a node, which may be ill-treated apart from all others. */
  async wireTo(node: NodeProcess): Promise<TcpProxy> {
    const wire = await TcpProxy.start(() => [node.port]);
    this.clientWires.push(wire);
    return wire;
  }

  node(index: number): NodeProcess {
    const node = this.nodes[index];
    if (node === undefined) throw new Error(`there is no node ${index}`);
    return node;
  }

  get running(): NodeProcess[] {
    return this.nodes.filter((node) => !node.hasEnded);
  }

  /** Nodes that run and are not frozen. */
  get living(): NodeProcess[] {
    return this.running.filter((node) => !node.isFrozen);
  }

  /** Notes a fault, or its end: promises with a time count from the last one. */
  fault(what: string): void {
    this.history.add({ kind: 'fault', at: this.history.now(), what });
  }

  /** Asks every living node who is there, and writes down what they say. */
  async look(users: readonly string[]): Promise<void> {
    for (let i = 0; i < users.length; i += USERS_PER_LOOK) {
      const some = users.slice(i, i + USERS_PER_LOOK);
      await Promise.all(this.living.map((node) => this.lookOn(node, some)));
    }
  }

  private async lookOn(node: NodeProcess, users: readonly string[]): Promise<void> {
    const askedAt = this.history.now();
    const answer = await node.ask('POST', '/presence/query', { body: { users } }).catch(() => undefined);
    if (answer?.status !== 200) return;
    const presence = answer.body['presence'] as Record<string, { devices: number }>;
    const at = this.history.now();
    for (const [user, { devices }] of Object.entries(presence)) {
      this.history.add({ kind: 'looked', askedAt, at, node: node.name, user, devices });
    }
  }

  async readMemory(phase: 'before' | 'after'): Promise<void> {
    await Promise.all(
      this.living.map(async (node) => {
        const bytes = await node.memoryBytes();
        this.history.add({ kind: 'memory', at: this.history.now(), node: node.name, phase, bytes });
      }),
    );
  }

  /** What is left when all is over. */
  async remains(users: readonly string[]): Promise<Remains> {
    return readRemains(() => this.living[0], this.redis, users);
  }

  async close(): Promise<void> {
    await Promise.all([...this.wires.keys()].map((node) => node.kill()));
    for (const wire of [...this.wires.values(), ...this.clientWires]) wire.close();
    this.front.close();
    await Promise.all([this.redis, ...this.replicas].map((redis) => redis.close()));
  }
}
