import { setTimeout as delay } from 'node:timers/promises';
import type { Scene } from './scenario';
import { ALONE, type Step, type Steps } from './steps';

const MIN_NODES = 2;

/** A few random faults, some at the same time, with pauses; as many nodes as must be run before each. */
export async function playAtRandom(scene: Scene, steps: Steps, count: number): Promise<string[]> {
  const { arena, random } = scene;
  const minNodes = Math.min(MIN_NODES, arena.store.maxNodes);
  const played: string[] = [];
  for (let i = 0; i < count; i += 1) {
    while (arena.living.length < minNodes) await arena.startNode();
    const names = [random.pick(Object.keys(steps))];
    if (random.chance(0.3)) names.push(random.pick(Object.keys(steps)));
    if (names.some((name) => ALONE.has(name))) names.length = 1;
    played.push(names.join(' + '));
    await Promise.all(names.map((name) => (steps[name] as Step)(scene)));
    await delay(random.int(0, 2000));
  }
  while (arena.living.length < minNodes) await arena.startNode();
  arena.fault('the schedule is over');
  return played;
}
