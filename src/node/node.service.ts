import { randomBytes } from 'node:crypto';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Config } from '../config';
import { Logger } from '../logging';
import { Metrics } from '../metrics';
import { monotonicMs, type NodeId, StoreClock, unavailable } from '../shared';
import { StartWait } from '../start';
import { Heartbeat } from './heartbeat';
import { type LeaseLook, LeaseStore, type ListedNode, type NodeInfo } from './lease-store.port';
import { Liveness } from './liveness';
import { NodeChannel } from './node-channel.port';
import { VERSION } from './version';

export type DoubtReason = 'new-id' | 'heartbeat-lost' | 'channel-restored' | 'store-back';

/** What others on this node want to know of its life. */
export interface NodeListener {
  /** A payload on this node's channel that is not a heartbeat. */
  onPayload?(payload: string): void;
  /** Pushes may have been lost, or this node has a new id: every user's presence and feeds want a look now. */
  onDoubt?(reason: DoubtReason): void;
  /** These nodes are dead: what they held is gone. */
  onDead?(nodes: readonly NodeId[]): void;
}

const BEAT = /^beat\t(\d{1,15})$/;
const RENEWALS_PER_LEASE = 3;
const RENEWALS_PER_INSPECTION = 10;
/** Presence is written 2.5 sweeps ahead; after that no entry of a dead node is left to be skipped. */
const SWEEPS_UNTIL_FORGOTTEN = 3;

/**
 * This process as a node of the cluster: its id, its lease, its channel, and who of the others is dead.
 *
 * A node that finds its lease run out (it was frozen, or Redis was away or emptied) has been called dead by
 * others, or may be: it takes a new id and a new channel, and everything it holds is asserted again under it.
 */
@Injectable()
export class NodeService implements OnModuleInit {
  private currentId: NodeId;
  private readonly heartbeat = new Heartbeat();
  private readonly liveness: Liveness;
  private readonly listeners: NodeListener[] = [];
  private timer: NodeJS.Timeout | undefined;
  private renewing: Promise<void> = Promise.resolve();
  private healthy = false;
  private draining = false;
  private storeFault: string | undefined;
  private storeDoubts: readonly string[] = [];
  private readonly needs: (() => string | undefined)[] = [];
  private renewals = 0;
  private leaseHeldAt = monotonicMs();
  private lastLook: Promise<void> = Promise.resolve();
  private nextLook: Promise<void> | undefined;
  private countConnections = (): number => 0;

  constructor(
    private readonly config: Config,
    private readonly leases: LeaseStore,
    private readonly channel: NodeChannel,
    private readonly clock: StoreClock,
    private readonly logger: Logger,
    private readonly metrics: Metrics,
    private readonly wait: StartWait,
  ) {
    this.currentId = newNodeId(config.nodeName);
    this.liveness = new Liveness(SWEEPS_UNTIL_FORGOTTEN * config.sweepIntervalMs);
    metrics.ready.from(() => (this.isReady ? 1 : 0));
    metrics.lease.from(() => config.nodeLeaseMs / 1000);
    metrics.leaseAge.from(() => (monotonicMs() - this.leaseHeldAt) / 1000);
  }

  /** The id in force; it changes when the lease was lost, so it is asked for at every use. */
  get id(): NodeId {
    return this.currentId;
  }

  /** Whether this node is fit to be sent clients. */
  get isReady(): boolean {
    return this.whyNotReady === undefined;
  }

  get isDraining(): boolean {
    return this.draining;
  }

  /** Undefined where it is fit: lease held, channel heard, the store one that keeps what it is given, not going. */
  get whyNotReady(): string | undefined {
    if (this.draining) return 'the node is draining';
    const { outage } = this.leases;
    if (outage !== undefined) return outage;
    if (!this.healthy) return 'the node has lost its store';
    return this.storeFault ?? this.needs.map((fault) => fault()).find((fault) => fault !== undefined);
  }

  /** What its operator should know though it is fit; undefined where there is nothing. */
  get doubts(): string | undefined {
    return this.storeDoubts.length === 0 ? undefined : this.storeDoubts.join('; ');
  }

  /** Given by modules above this one: what else must be well, and why it is not. */
  require(fault: () => string | undefined): void {
    this.needs.push(fault);
  }

  listen(listener: NodeListener): void {
    this.listeners.push(listener);
  }

  /** Given by the module that has the connections, which lies above this one. */
  describe(countConnections: () => number): void {
    this.countConnections = countConnections;
  }

  /** Every node of the cluster whose lease has not run out, as it told of itself at its last renewal. */
  list(): Promise<ListedNode[]> {
    return this.leases.list();
  }

  /** Notes ids seen in presence, so that a later look may find them dead. */
  meet(nodes: Iterable<NodeId>): void {
    for (const node of nodes) this.liveness.meet(node);
  }

  /** Ids whose presence entries count for nothing. */
  deadNodes(): readonly NodeId[] {
    return this.liveness.dead();
  }

  /** Looks now, and not only at the next renewal, whether any of these nodes is dead. */
  async findDead(nodes: readonly NodeId[]): Promise<boolean> {
    this.meet(nodes);
    await this.lookNow();
    return this.isAnyDead(nodes);
  }

  /**
   * Asks something of presence, again where the answer rests on a node that turns out to be dead. No answer rests on a
   * node that is in no list: an entry may be a dead node's whom this one never met. `unavailable` where nobody can tell.
   */
  async askOfLiving<T>(
    ask: (dead: readonly NodeId[]) => Promise<T>,
    nodesOf: (answer: T) => readonly NodeId[],
  ): Promise<T> {
    for (;;) {
      const answer = await ask(this.deadNodes());
      const nodes = nodesOf(answer);
      this.meet(nodes);
      if (this.liveness.hasStrangers(nodes) || this.isListOld) await this.lookNow();
      if (!this.isAnyDead(nodes)) return answer;
    }
  }

  private get isListOld(): boolean {
    return monotonicMs() - this.leaseHeldAt > this.config.nodeLeaseMs;
  }

  private isAnyDead(nodes: readonly NodeId[]): boolean {
    const dead = this.deadNodes();
    return nodes.some((node) => dead.includes(node));
  }

  /** One look for everybody who asks before it begins. It takes what was met by then, so who asks later waits for the next. */
  private lookNow(): Promise<void> {
    this.nextLook ??= this.lastLook.then(() => {
      const look = this.lookOrFail();
      this.nextLook = undefined;
      this.lastLook = look.catch(() => {});
      return look;
    });
    return this.nextLook;
  }

  private async lookOrFail(): Promise<void> {
    const look = await this.look(() =>
      this.leases.renew(this.currentId, this.config.nodeLeaseMs, this.info()),
    );
    if (!look.held) throw unavailable('this node has lost its lease: nobody is called dead by it');
  }

  async publish(node: NodeId, payload: string): Promise<void> {
    this.metrics.publishes.inc();
    if ((await this.channel.publish(node, payload)) === 0) this.metrics.unheardPublishes.inc();
  }

  /** The lease is held and the channel heard before any presence is written. */
  async onModuleInit(): Promise<void> {
    const id = this.currentId;
    await this.wait.until('taking the lease', () => this.take(id));
    await this.wait.until("listening on the node's channel", () => this.subscribe(id));
    await this.wait.until("publishing on the node's channel", () => this.beat());
    await this.wait.until('looking at the settings of the store', () => this.inspectStore());
    this.healthy = true;
    this.scheduleRenewal();
  }

  /** From here on: not ready, no new handshakes. The lease is kept until `leave`, and tells of it at once. */
  beginDrain(): void {
    if (this.draining) return;
    this.draining = true;
    this.renewing = this.renewing.then(() => this.tellOfDrain());
  }

  /** Stops renewing and leaves the list, after every entry of this node is gone. */
  async leave(): Promise<void> {
    this.draining = true;
    clearTimeout(this.timer);
    await this.renewing;
    clearTimeout(this.timer);
    await this.leases.leave(this.currentId);
  }

  /** No beat goes with it: the one before may still be on its way. */
  private async tellOfDrain(): Promise<void> {
    try {
      await this.leases.renew(this.currentId, this.config.nodeLeaseMs, this.info());
    } catch (err) {
      this.logger.warn({ err, nodeId: this.currentId }, 'drain not told of: the next renewal will');
    }
  }

  private info(): NodeInfo {
    return {
      name: this.config.nodeName,
      version: VERSION,
      connections: this.countConnections(),
      draining: this.draining,
    };
  }

  private scheduleRenewal(): void {
    this.timer = setTimeout(() => {
      this.renewing = this.renew().finally(() => this.scheduleRenewal());
    }, this.config.nodeLeaseMs / RENEWALS_PER_LEASE);
  }

  private async renew(): Promise<void> {
    try {
      const look = await this.look(() =>
        this.leases.renew(this.currentId, this.config.nodeLeaseMs, this.info()),
      );
      if (look.held) await this.checkHeartbeat();
      else await this.replaceId();
      this.renewals += 1;
      if (this.renewals % RENEWALS_PER_INSPECTION === 0) await this.inspectStore();
    } catch (err) {
      if (this.healthy) this.logger.error({ err, nodeId: this.currentId }, 'lease not renewed');
      this.healthy = false;
    }
  }

  /** Reads the store's clock and the list of nodes; judges who is dead, unless our own entry was missing. */
  private async look(ask: () => Promise<LeaseLook>): Promise<LeaseLook> {
    const suspects = this.liveness.suspects();
    const askedAt = monotonicMs();
    const look = await ask();
    const heardAt = monotonicMs();
    this.clock.set(look.storeNowMs, askedAt, heardAt);
    if (look.held) {
      this.leaseHeldAt = askedAt;
      const found = this.liveness.judge(suspects, look.living, heardAt);
      if (found.length > 0) {
        this.logger.warn({ nodeIds: found }, 'nodes found dead');
        for (const listener of this.listeners) listener.onDead?.(found);
      }
    }
    return look;
  }

  private async checkHeartbeat(): Promise<void> {
    const whole = this.heartbeat.isWhole();
    if (!whole) {
      if (this.healthy)
        this.logger.error({ nodeId: this.currentId }, 'own heartbeat not heard: subscribing again');
      this.healthy = false;
      await this.subscribe(this.currentId);
      this.doubt('heartbeat-lost');
    } else {
      if (this.heartbeat.takeMissed()) this.doubt('heartbeat-lost');
      else if (!this.healthy) this.doubt('store-back');
      this.healthy = true;
    }
    await this.beat();
  }

  private async inspectStore(): Promise<void> {
    const fault = await this.leases.findFault();
    if (fault !== undefined && fault !== this.storeFault)
      this.logger.error({ fault }, 'not ready: unfit store');
    this.storeFault = fault;
    const doubts = await this.leases.findDoubts();
    if (doubts.length > 0 && doubts.join() !== this.storeDoubts.join())
      this.logger.warn({ doubts }, 'the store may lose what it is given');
    this.storeDoubts = doubts;
  }

  /** The new id is in force only once its lease is held: no presence is ever written under an id without one. */
  private async replaceId(): Promise<void> {
    const lostId = this.currentId;
    this.healthy = false;
    await this.enter(newNodeId(this.config.nodeName));
    this.logger.warn({ lostId, nodeId: this.currentId }, 'lease had run out: going on under a new id');
    this.healthy = true;
    this.doubt('new-id');
  }

  private async enter(id: NodeId): Promise<void> {
    await this.take(id);
    await this.subscribe(id);
    this.currentId = id;
    await this.beat();
  }

  private async take(id: NodeId): Promise<void> {
    await this.look(() => this.leases.take(id, this.config.nodeLeaseMs, this.info()));
  }

  private async subscribe(id: NodeId): Promise<void> {
    await this.channel.listen(id, {
      onPayload: (payload) => this.receive(payload),
      onRestored: () => this.doubt('channel-restored'),
    });
    // Only now: where listening failed, the beats that were not heard are still what is known of the channel.
    this.heartbeat.restart();
  }

  private async beat(): Promise<void> {
    await this.channel.publish(this.currentId, `beat\t${this.heartbeat.next()}`);
  }

  private receive(payload: string): void {
    const beat = BEAT.exec(payload);
    if (beat !== null) this.heartbeat.hear(Number(beat[1]));
    else for (const listener of this.listeners) listener.onPayload?.(payload);
  }

  private doubt(reason: DoubtReason): void {
    this.logger.info({ reason, nodeId: this.currentId }, 'sweeping all users now');
    for (const listener of this.listeners) listener.onDoubt?.(reason);
  }
}

const MAX_NAME_IN_ID = 24;

/** The node's name, for people who read logs and presence, and what makes it an id that is never used twice. */
function newNodeId(nodeName: string): NodeId {
  const name = nodeName.replaceAll(/[^A-Za-z0-9_-]/g, '-').slice(0, MAX_NAME_IN_ID);
  return `${name}-${randomBytes(9).toString('base64url')}` as NodeId;
}
