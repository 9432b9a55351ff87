import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { HeldConnection } from '../../src/routing/mailbox.port';
import type { ConnectionId, DeviceId, NodeId, UserId } from '../../src/shared';
import { aConnection, aNode, aRegistration, aUser, CHAT, plain, routesOf, register } from './fixtures';
import type { OpenStore } from './store-kind';
import { stores } from './stores';

const node = fc.nat(2);
const device = fc.constantFrom(undefined, 'phone' as DeviceId, 'laptop' as DeviceId);
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('register' as const), node, device }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('unregister' as const), node, which: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('sweep' as const), node }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('empty' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('die' as const), node }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;
type Held = HeldConnection & { nodeId: NodeId };

describe.each(stores)('any coming and going of one user on $name', (kind) => {
  let store: OpenStore;
  beforeAll(async () => {
    // More connections than one user may have by default.
    store = await kind.open({ MAX_DEVICES_PER_USER: '1000' });
  });
  afterAll(() => store.close());

  it('leaves registered what three nodes hold, less what a newer connection of the device replaced', async () => {
    const everySequence = fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (steps) => {
        const run = new Run(store);
        for (const next of steps) await run.take(next);
        await run.settle();
      }),
      { numRuns: 120 },
    );
    await expect(everySequence).resolves.toBeUndefined();
  });

  it('leaves nothing behind that would stay for ever', async () => {
    expect(await store.faults.immortals()).toEqual([]);
  });
});

/** What is registered beside what each node believes to hold; a node is not told of what it lost but by a sweep. */
class Run {
  private readonly userId: UserId = aUser();
  private readonly nodes: NodeId[] = [aNode(), aNode(), aNode()];
  private readonly dead: NodeId[] = [];
  private held: Held[] = [];
  private registered: Held[] = [];
  private wasSeen = false;

  constructor(private readonly store: OpenStore) {}

  async take(step: Step): Promise<void> {
    switch (step.do) {
      case 'register':
        await this.register(this.nodes[step.node]!, step.device);
        break;
      case 'unregister':
        await this.unregister(this.nodes[step.node]!, step.which);
        break;
      case 'sweep':
        await this.sweep(this.nodes[step.node]!);
        break;
      case 'empty':
        this.registered = [];
        await this.store.faults.losePresence(this.userId);
        break;
      case 'die':
        this.die(step.node);
        break;
    }
    await this.compare();
  }

  /** After every node has swept twice, each device stands where it connected last. */
  async settle(): Promise<void> {
    for (let round = 0; round < 2; round++) for (const nodeId of this.nodes) await this.sweep(nodeId);
    await this.compare();
    assert.deepEqual(
      this.registered.map(({ connectionId }) => connectionId).sort(),
      this.held.map(({ connectionId }) => connectionId).sort(),
    );
    const named = this.held.flatMap(({ deviceId }) => deviceId ?? []);
    assert.equal(new Set(named).size, named.length);
  }

  private async register(nodeId: NodeId, deviceId: DeviceId | undefined): Promise<void> {
    const registration = aRegistration({ userId: this.userId, nodeId, deviceId });
    const { connectionId, grant } = registration;
    const { since, replaced } = await register(this.store, registration, this.dead);
    // Of a device that two nodes have written again, the older one goes with whoever registers next.
    const before = this.registered;
    const hasLost = (other: Held): boolean =>
      other.deviceId !== undefined && before.some((newer) => isNewer(newer, other));
    const isReplaced = (other: Held): boolean =>
      (deviceId !== undefined && other.deviceId === deviceId) || hasLost(other);
    assert.deepEqual(plain(replaced), routesOfHeld(this.registered.filter(isReplaced)));
    for (const other of this.registered) assert.ok(since > other.since);
    const held = { connectionId, nodeId, deviceId, grant, since };
    this.held.push(held);
    this.registered = [...this.registered.filter((other) => !isReplaced(other)), held];
  }

  /** Sometimes one that the node holds, sometimes one of another node, which must not be touched. */
  private async unregister(nodeId: NodeId, which: number): Promise<void> {
    const target: ConnectionId = this.held[which % (this.held.length + 1)]?.connectionId ?? aConnection();
    const isTarget = (held: Held): boolean => held.connectionId === target && held.nodeId === nodeId;
    await this.store.mailbox.unregister(this.userId, nodeId, [target], this.dead);
    this.wasSeen ||= this.registered.some(isTarget);
    this.held = this.held.filter((held) => !isTarget(held));
    this.registered = this.registered.filter((held) => !isTarget(held));
  }

  private async sweep(nodeId: NodeId): Promise<void> {
    const mine = this.held.filter((held) => held.nodeId === nodeId);
    const rivals = [...this.registered, ...mine];
    const hasLost = (held: Held): boolean =>
      held.deviceId !== undefined && rivals.some((other) => isNewer(other, held));
    const { lost } = await this.store.mailbox.sweep(this.userId, nodeId, mine, [CHAT], this.dead);
    const losers = mine.filter(hasLost);
    assert.deepEqual([...lost.keys()].sort(), losers.map(({ connectionId }) => connectionId).sort());
    this.held = this.held.filter((held) => !losers.includes(held));
    const others = this.registered.filter((held) => held.nodeId !== nodeId || !mine.some(isSame(held)));
    this.registered = [...others, ...mine.filter((held) => !losers.includes(held))];
  }

  /** Its connections are over, and another node starts in its place. */
  private die(index: number): void {
    const nodeId = this.nodes[index]!;
    this.dead.push(nodeId);
    this.nodes[index] = aNode();
    this.held = this.held.filter((held) => held.nodeId !== nodeId);
    const living = this.registered.filter((held) => held.nodeId !== nodeId);
    this.wasSeen ||= living.length < this.registered.length;
    this.registered = living;
  }

  private async compare(): Promise<void> {
    const [look] = await this.store.presence.look([this.userId], this.dead);
    const named = this.registered.flatMap(({ deviceId }) => deviceId ?? []);
    const devices = new Set(named).size + this.registered.length - named.length;
    const { lastSeen, nodes, ...counted } = look!;
    assert.deepEqual(counted, { online: devices > 0, devices });
    assert.equal(lastSeen !== null, devices === 0 && this.wasSeen);
    assert.deepEqual(new Set(nodes), new Set(this.registered.map(({ nodeId }) => nodeId)));
    assert.deepEqual(await routesOf(this.store, this.userId, this.dead), routesOfHeld(this.registered));
  }
}

const isSame =
  (held: Held) =>
  (other: Held): boolean =>
    other.connectionId === held.connectionId;

function isNewer(other: Held, held: Held): boolean {
  if (other.deviceId !== held.deviceId || isSame(held)(other)) return false;
  return other.since === held.since ? other.connectionId > held.connectionId : other.since > held.since;
}

function routesOfHeld(held: readonly Held[]): Record<string, string[]> {
  const routes = new Map<NodeId, ConnectionId[]>();
  for (const { nodeId, connectionId } of held) {
    routes.set(nodeId, [...(routes.get(nodeId) ?? []), connectionId]);
  }
  return plain(routes);
}
