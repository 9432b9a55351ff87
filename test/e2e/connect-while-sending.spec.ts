import { randomInt } from 'node:crypto';
import type { Offset } from '../../src/shared';
import { isAfter } from '../../src/shared';
import {
  closeNodes,
  Random,
  startTrio,
  TestClient,
  type Trio,
  uniqueUser,
  waitUntil,
  NO_SWEEPS,
} from '../support';

const SEEDS = 200;
const AT_ONCE = 12;
const MESSAGES = 25;
const CONNECTS = 5;

/** `TEST_SEED=…` repeats the decisions of a run that failed; how they interleave is the machine's. */
const FIRST_SEED = Number(process.env['TEST_SEED'] ?? randomInt(1_000_000_000));

/** How a device keeps its place: by acks of a named device, by `since`, by both, or not at all. */
const HABITS = ['acks', 'since', 'acks and since', 'nothing'] as const;

/** One device over its life: its connections, one after the other, and what it has stored. */
class Device {
  readonly connections: TestClient[] = [];
  private readonly deviceId: string | undefined;
  private readonly habit: (typeof HABITS)[number];

  constructor(
    private readonly nodes: Trio,
    readonly user: string,
    private readonly random: Random,
  ) {
    this.habit = random.pick(HABITS);
    this.deviceId = this.habit === 'acks' || random.chance(0.7) ? 'phone' : undefined;
  }

  stored(): Set<string> {
    return new Set(this.connections.flatMap(({ messages }) => messages.map(({ offset }) => offset)));
  }

  connect(): TestClient {
    const since = this.habit.includes('since') ? this.lastStored() : undefined;
    const client = TestClient.start(this.random.pick(this.nodes), this.user, {
      ...(this.deviceId && { deviceId: this.deviceId }),
      ...(since && { since: { chat: since } }),
    });
    this.connections.push(client);
    if (this.habit.includes('acks')) this.ackOn(client);
    return client;
  }

  /** Leaves in one of the ways a device does, or not at all: the next connection finds it still there. */
  leave(client: TestClient): void {
    const way = this.random.below(3);
    if (way === 0) client.close();
    else if (way === 1) client.socket.io.engine?.close();
  }

  private lastStored(): Offset | undefined {
    return [...this.stored()]
      .map((offset) => offset as Offset)
      .reduce<Offset | undefined>(
        (last, offset) => (last === undefined || isAfter(offset, last) ? offset : last),
        undefined,
      );
  }

  private ackOn(client: TestClient): void {
    client.socket.on('message', ({ channel, offset }) => {
      if (this.random.chance(0.5)) client.socket.emit('inbox:ack', { channel, offset });
    });
  }
}

async function stream(sender: TestClient, to: string, random: Random): Promise<string[]> {
  const offsets: string[] = [];
  for (let i = 0; i < MESSAGES; i += 1) {
    const { offset } = await sender.send(to, i, `c-${i}`);
    offsets.push(String(offset));
    await random.pause(4);
  }
  return offsets;
}

async function comeAndGo(device: Device, random: Random): Promise<void> {
  for (let i = 0; i < CONNECTS; i += 1) {
    const client = device.connect();
    if (random.chance(0.7)) await client.connected();
    await random.pause(20);
    device.leave(client);
    await random.pause(10);
  }
}

async function runSeed(seed: number, nodes: Trio, senders: [TestClient, ...TestClient[]]): Promise<void> {
  const random = new Random(seed);
  const device = new Device(nodes, uniqueUser('bob'), new Random(seed + 1));
  const sending = stream(random.pick(senders), device.user, new Random(seed + 2));
  await comeAndGo(device, random);
  // Half of the lives end while messages are still coming.
  const sentBefore = random.chance(0.5) ? await sending : undefined;
  device.connect();
  const offsets = sentBefore ?? (await sending);
  await waitUntil(
    `the device has everything (${offsets.length})`,
    () => device.stored().size >= offsets.length,
    5000,
  );

  expect([...device.stored()].sort()).toEqual([...offsets].sort());
  for (const { messages } of device.connections) {
    for (const [i, { offset }] of messages.entries()) {
      const before = messages[i - 1]?.offset;
      if (before !== undefined && !isAfter(offset, before)) throw new Error(`${offset} came after ${before}`);
    }
  }
  for (const client of device.connections) client.close();
}

describe('promise 2: a device that comes and goes while messages are sent', () => {
  let nodes: Trio;
  let senders: [TestClient, ...TestClient[]];

  beforeAll(async () => {
    // Three nodes and all their clients are at work in one process: a lease of a second and a half would not last.
    nodes = await startTrio({ ...NO_SWEEPS, NODE_LEASE_MS: '10000' });
    const [a, ...others] = nodes;
    senders = [
      await TestClient.connect(a, uniqueUser('alice')),
      ...(await Promise.all(others.map((node) => TestClient.connect(node, uniqueUser('alice'))))),
    ];
  });
  afterAll(async () => {
    TestClient.closeAll();
    await closeNodes(...nodes);
  });

  it(`sees everything, on each connection in order and once (${SEEDS} seeds)`, async () => {
    let next = FIRST_SEED;
    const failures: string[] = [];
    const worker = async () => {
      while (next < FIRST_SEED + SEEDS) {
        const seed = next++;
        try {
          await runSeed(seed, nodes, senders);
        } catch (error) {
          failures.push(`TEST_SEED=${seed}: ${String(error)}`);
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    expect(failures).toEqual([]);
  }, 60_000);
});
