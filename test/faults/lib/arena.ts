import { setTimeout as delay } from 'node:timers/promises';
import { uniquePrefix, waitUntil } from '../../support';
import { History, type Remains } from './history';
import { FAULT_ENVIRONMENT, NodeProcess } from './node-process';
import type { RedisProcess } from './redis-process';
import { readRemains } from './remains';
import type { ArenaStore } from './stores/arena-store';
import { ClusterOfRedis } from './stores/redis-cluster';
import { EmbeddedDisk } from './stores/embedded';
import { SingleRedis } from './stores/single-redis';
import { TcpProxy } from './tcp-proxy';

/** As many as the contract allows in one question. */
const USERS_PER_LOOK = 200;

/** More than an answer takes from Redis to a client on a busy machine. */
const ON_ITS_WAY_MS = 300;

/**
 * A cluster to be ill-treated: a store of its own, nodes that reach it through proxies, and one load balancer in front of
 * the nodes, through which clients come back to whoever is there.
 */
export class Arena {
  nodes: NodeProcess[] = [];
  history = new History();
  private readonly wires = new Map<NodeProcess, TcpProxy>();
  private readonly clientWires: TcpProxy[] = [];
  private readonly prefix = uniquePrefix();
  private readonly started: NodeProcess[] = [];
  private names = 0;

  private constructor(
    readonly store: ArenaStore,
    readonly front: TcpProxy,
    private readonly environment: Record<string, string>,
  ) {}

  static async start(store: ArenaStore, environment: Record<string, string>): Promise<Arena> {
    const front = await TcpProxy.start(() => arena.running.map(({ port }) => port));
    const arena: Arena = new Arena(store, front, environment);
    return arena;
  }

  get single(): SingleRedis {
    return expectStore(this.store, SingleRedis);
  }

  get cluster(): ClusterOfRedis {
    return expectStore(this.store, ClusterOfRedis);
  }

  get disk(): EmbeddedDisk {
    return expectStore(this.store, EmbeddedDisk);
  }

  /** The one server, where there is one. */
  get redis(): RedisProcess {
    return this.single.server;
  }

  /** What a node is set to here, in ms. */
  setting(name: keyof typeof FAULT_ENVIRONMENT): number {
    return Number(this.environment[name] ?? FAULT_ENVIRONMENT[name]);
  }

  /** As many living nodes as wanted, neither more nor fewer, and a history that begins here. */
  async prepare(wanted: number): Promise<void> {
    const size = Math.min(wanted, this.store.maxNodes);
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
    const name = `n${this.names++}`;
    const { environment: wiring, wire } = await this.store.connect();
    try {
      const node = await NodeProcess.start(name, {
        REDIS_KEY_PREFIX: this.prefix,
        ...wiring,
        ...this.environment,
        ...environment,
      });
      this.nodes.push(node);
      this.started.push(node);
      if (wire !== undefined) this.wires.set(node, wire);
      return node;
    } catch (error) {
      wire?.close();
      throw error;
    }
  }

  /** A replica that has caught up with the master. */
  startReplica(
    environment: Record<string, string> = {},
    options: readonly string[] = [],
  ): Promise<RedisProcess> {
    return this.single.startReplica(options, environment);
  }

  /**
   * The master dies, the replica takes over, and every node is led to it. What the master answered last has come to
   * the clients before what it did not replicate counts as lost.
   */
  async failOver(replica: RedisProcess): Promise<void> {
    await this.redis.close();
    for (const wire of this.wires.values()) wire.cutAll();
    await delay(ON_ITS_WAY_MS);
    this.history.add({ kind: 'store-lost', at: this.history.now() });
    await replica.command('REPLICAOF', 'NO', 'ONE');
    this.single.server = replica;
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
    return readRemains(() => this.living[0], this.store, users, this.history.now());
  }

  async close(): Promise<void> {
    await Promise.all(this.started.map((node) => node.kill()));
    for (const wire of [...this.wires.values(), ...this.clientWires]) wire.close();
    this.front.close();
    await this.store.close();
  }
}

function expectStore<S extends ArenaStore>(store: ArenaStore, Store: { prototype: S; name: string }): S {
  if (Store.prototype.constructor !== store.constructor) throw new Error(`the store is not a ${Store.name}`);
  return store as S;
}
