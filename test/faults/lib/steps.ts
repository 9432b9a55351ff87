import { setTimeout as delay } from 'node:timers/promises';
import * as faults from './faults';
import { SteppedClock } from './faketime';
import type { NodeProcess } from './node-process';
import { RedisProcess } from './redis-process';
import type { Scene } from './scenario';
import type { TcpProxy } from './tcp-proxy';

export type Step = (scene: Scene) => Promise<unknown>;
export type Steps = Record<string, Step>;

/** Of nodes and clients: whatever the store. */
const ANYWHERE: Steps = {
  kill: async (scene) => faults.killNode(scene.arena, await someNode(scene)),
  'kill in mid-drain': async (scene) => faults.killInDrain(scene.arena, await someNode(scene)),
  terminate: async (scene) => faults.terminate(scene.arena, await someNode(scene)),
  'freeze shortly': async (scene) =>
    faults.freeze(scene.arena, await someNode(scene), scene.random.int(100, 1200)),
  'freeze for long': async (scene) =>
    faults.freeze(scene.arena, await someNode(scene), scene.random.int(1800, 6000)),
  'cut clients': async ({ arena }) => faults.cutClients(arena),
  'abandon clients': async ({ arena }) => faults.abandonClients(arena),
  'a device comes': async ({ load, random }) =>
    load.connectDevice(random.pick(load.users), `extra-${random.int(1, 1_000_000)}`),
  'a device goes': async ({ load, random }) => {
    const extra = load.devices.filter(({ name }) => name.startsWith('extra'));
    if (extra.length > 0) load.leave(random.pick(extra));
  },
};

/** Of several nodes that tell each other. */
const AMONG_NODES: Steps = {
  'kill before publish': (scene) => killAt(scene, 'before-publish'),
  'kill before push': (scene) => killAt(scene, 'before-push'),
  'lose publishes': ({ arena, random }) => faults.losePublishes(arena, random.int(500, 3000)),
  // Where Redis is away at that moment it does not start, and need not.
  'start a node': ({ arena }) => arena.startNode().catch(() => undefined),
};

const ON_ONE_SERVER: Steps = {
  partition: async (scene) =>
    faults.partition(scene.arena, await someNode(scene), scene.random.int(100, 5000)),
  refuse: async (scene) => faults.refuse(scene.arena, await someNode(scene), scene.random.int(100, 4000)),
  'drop replies': async (scene) =>
    faults.dropReplies(scene.arena, await someNode(scene), scene.random.int(100, 3000)),
  'slow Redis': async (scene) =>
    faults.slowRedis(scene.arena, await someNode(scene), scene.random.int(500, 3000)),
  // Nobody undoes these two: what has fallen silent stays so.
  'silence one flow': async ({ arena, random }) => {
    const node = await someNode({ arena, random });
    arena.wireOf(node).silence((ports) => ports.slice(0, 1 + random.below(ports.length)).slice(-1));
    arena.fault(`a flow between ${node.name} and Redis fell silent`);
  },
  'silence all flows': async ({ arena, random }) => {
    const node = await someNode({ arena, random });
    arena.wireOf(node).silence();
    arena.fault(`all flows between ${node.name} and Redis fell silent`);
  },
  'freeze Redis': ({ arena, random }) => faults.freezeRedis(arena, arena.redis, random.int(100, 3500)),
  'kill Redis': ({ arena, random }) => faults.killRedis(arena, arena.redis, random.int(10, 3000)),
  'kill subscribers': ({ arena }) => faults.killSubscribers(arena, [arena.redis]),
  'forget scripts': ({ arena }) => faults.forgetScripts(arena, [arena.redis]),
  'out of memory': ({ arena, random }) => faults.outOfMemory(arena, arena.redis, random.int(50, 3000)),
  'read-only': ({ arena, random }) => faults.readOnly(arena, random.int(50, 3000)),
  // It stays behind.
  'clock of Redis steps back': async ({ arena, random }) => faults.stepClock(arena, -random.int(5, 60)),
  'clock of Redis ahead for a while': async ({ arena, random }) => {
    const seconds = random.int(30, 120);
    faults.stepClock(arena, seconds);
    await delay(random.int(1000, 5000));
    faults.stepClock(arena, -seconds);
  },
  'a failover that loses writes': ({ arena, random }) =>
    faults.loseWrites(arena, {
      options: RedisProcess.ALWAYS_ON_DISK,
      clock: arena.single.clock && SteppedClock.behind(arena.single.clock, random.int(0, 30)),
      lostMs: random.int(100, 800),
    }),
};

const ON_A_CLUSTER: Steps = {
  'partition of a master': onMaster('cut off from all nodes', 100, 5000, (wire) => wire.blackHole()),
  'a master refuses': onMaster('refuses all nodes', 100, 4000, (wire) => wire.refuse()),
  'a master answers nothing': onMaster('answers nothing', 100, 3000, (wire) => wire.dropReplies()),
  'a slow master': onMaster('is far away', 500, 3000, (wire) => wire.delay(60)),
  'silence one flow': async ({ arena, random }) => {
    const { name, wire } = random.pick((await arena.cluster.servers()).masters);
    wire.silence((ports) => ports.slice(0, 1 + random.below(ports.length)).slice(-1));
    arena.fault(`a flow to ${name} fell silent`);
  },
  'silence all flows of a master': async ({ arena, random }) => {
    const { name, wire } = random.pick((await arena.cluster.servers()).masters);
    wire.silence();
    arena.fault(`all flows to ${name} fell silent`);
  },
  'freeze a master': async ({ arena, random }) => {
    const { redis } = random.pick((await arena.cluster.servers()).masters);
    await faults.freezeRedis(arena, redis, random.int(100, 3500));
  },
  'kill a master': async ({ arena, random }) => {
    const { redis } = random.pick((await arena.cluster.servers()).masters);
    await faults.killRedis(arena, redis, random.int(10, 3000));
  },
  'kill subscribers': async ({ arena }) => faults.killSubscribers(arena, await everyMaster(arena)),
  'forget scripts': async ({ arena }) => faults.forgetScripts(arena, await everyMaster(arena)),
  'a master out of memory': async ({ arena, random }) => {
    await faults.outOfMemory(arena, random.pick(await everyMaster(arena)), random.int(50, 3000));
  },
  'fail over': async ({ arena }) => {
    const failedOver = await arena.cluster.failOver();
    arena.fault(failedOver ? 'a replica has taken over' : 'no replica could take over');
  },
  'move a slot': async ({ arena, load, random }) => {
    const user = random.pick(load.users);
    arena.fault(`the slot of ${user} moves`);
    await arena.cluster.moveSlotOf(`{${user}}`);
    arena.fault(`the slot of ${user} has moved`);
  },
};

const ON_A_DISK: Steps = {
  'disk full': ({ arena, random }) => faults.fillDisk(arena, random.int(0, 64 * 1024), random.int(300, 4000)),
  'disk full and killed': async ({ arena, random }) => {
    const node = await someNode({ arena, random });
    const full = faults.fillDisk(arena, random.int(0, 64 * 1024), random.int(800, 2000));
    await delay(random.int(100, 700));
    await faults.killNode(arena, node);
    await full;
  },
};

/** What a random schedule is drawn from, by the store it is played on. */
export const STEPS_ON: Record<'redis' | 'cluster' | 'embedded', Steps> = {
  redis: { ...ANYWHERE, ...AMONG_NODES, ...ON_ONE_SERVER },
  cluster: { ...ANYWHERE, ...AMONG_NODES, ...ON_A_CLUSTER },
  embedded: { ...ANYWHERE, ...ON_A_DISK },
};

/** Whoever administers a Cluster does these while all its servers answer. */
export const ALONE: ReadonlySet<string> = new Set([
  'fail over',
  'move a slot',
  'a failover that loses writes',
]);

/** One that lives: of two faults at the same time the other may have taken the only one. */
async function someNode({ arena, random }: Pick<Scene, 'arena' | 'random'>): Promise<NodeProcess> {
  return arena.living.length > 0 ? random.pick(arena.living) : arena.startNode();
}

function onMaster(what: string, leastMs: number, mostMs: number, harm: (wire: TcpProxy) => void): Step {
  return async ({ arena, random }) => {
    const { name, wire } = random.pick((await arena.cluster.servers()).masters);
    await faults.ail(arena, wire, `${name} ${what}`, random.int(leastMs, mostMs), harm);
  };
}

async function everyMaster(arena: Scene['arena']): Promise<RedisProcess[]> {
  return (await arena.cluster.servers()).masters.map(({ redis }) => redis);
}

async function killAt({ arena, random }: Scene, point: 'before-publish' | 'before-push'): Promise<void> {
  const node = await someNode({ arena, random });
  // With everybody's connections elsewhere the node may never get there.
  const patience = delay(5000).then(() => node.kill());
  await Promise.race([faults.killAt(arena, node, point, random.int(1, 20)).catch(() => {}), patience]);
  arena.fault(`${node.name} gone`);
}
