import { setTimeout as delay } from 'node:timers/promises';
import * as faults from './faults';
import type { Scene } from './scenario';

type Step = (scene: Scene) => Promise<unknown>;

/** What a random schedule is drawn from. Faults that the store is allowed to lose data by are not among them. */
const STEPS: Record<string, Step> = {
  kill: ({ arena, random }) => faults.killNode(arena, random.pick(arena.living)),
  'kill before publish': (scene) => killAt(scene, 'before-publish'),
  'kill before push': (scene) => killAt(scene, 'before-push'),
  'kill in mid-drain': ({ arena, random }) => faults.killInDrain(arena, random.pick(arena.living)),
  terminate: ({ arena, random }) => faults.terminate(arena, random.pick(arena.living)),
  'freeze shortly': ({ arena, random }) =>
    faults.freeze(arena, random.pick(arena.living), random.int(100, 1200)),
  'freeze for long': ({ arena, random }) =>
    faults.freeze(arena, random.pick(arena.living), random.int(1800, 6000)),
  partition: ({ arena, random }) => faults.partition(arena, random.pick(arena.living), random.int(100, 5000)),
  refuse: ({ arena, random }) => faults.refuse(arena, random.pick(arena.living), random.int(100, 4000)),
  'drop replies': ({ arena, random }) =>
    faults.dropReplies(arena, random.pick(arena.living), random.int(100, 3000)),
  'slow Redis': ({ arena, random }) =>
    faults.slowRedis(arena, random.pick(arena.living), random.int(500, 3000)),
  'kill Redis': ({ arena, random }) => faults.killRedis(arena, random.int(10, 3000)),
  'kill subscribers': ({ arena }) => faults.killSubscribers(arena),
  'lose publishes': ({ arena, random }) => faults.losePublishes(arena, random.int(500, 3000)),
  'forget scripts': ({ arena }) => faults.forgetScripts(arena),
  'out of memory': ({ arena, random }) => faults.outOfMemory(arena, random.int(50, 3000)),
  'read-only': ({ arena, random }) => faults.readOnly(arena, random.int(50, 3000)),
  'cut clients': async ({ arena }) => faults.cutClients(arena),
  'abandon clients': async ({ arena }) => faults.abandonClients(arena),
  // Where Redis is away at that moment it does not start, and need not.
  'start a node': ({ arena }) => arena.startNode().catch(() => undefined),
  'a device comes': async ({ load, random }) =>
    load.connectDevice(random.pick(load.users), `extra-${random.int(1, 1_000_000)}`),
  'a device goes': async ({ load, random }) => {
    const extra = load.devices.filter(({ name }) => name.startsWith('extra'));
    if (extra.length > 0) load.leave(random.pick(extra));
  },
};

const MIN_NODES = 2;

/** A few random faults, some at the same time, with pauses; at least two nodes run before each. */
export async function playAtRandom(scene: Scene, count: number): Promise<string[]> {
  const { arena, random } = scene;
  const played: string[] = [];
  for (let i = 0; i < count; i += 1) {
    while (arena.living.length < MIN_NODES) await arena.startNode();
    const names = [random.pick(Object.keys(STEPS))];
    if (random.chance(0.3)) names.push(random.pick(Object.keys(STEPS)));
    played.push(names.join(' + '));
    await Promise.all(names.map((name) => (STEPS[name] as Step)(scene)));
    await delay(random.int(0, 2000));
  }
  while (arena.living.length < MIN_NODES) await arena.startNode();
  arena.fault('the schedule is over');
  return played;
}

async function killAt({ arena, random }: Scene, point: 'before-publish' | 'before-push'): Promise<void> {
  const node = random.pick(arena.living);
  // With everybody's connections elsewhere the node may never get there.
  const patience = delay(5000).then(() => node.kill());
  await Promise.race([faults.killAt(arena, node, point, random.int(1, 20)).catch(() => {}), patience]);
  arena.fault(`${node.name} gone`);
}
