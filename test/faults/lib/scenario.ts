import { setTimeout as delay } from 'node:timers/promises';
import { waitUntil } from '../../support';
import type { Arena } from './arena';
import { type Bounds, check, type Violation } from './checker';
import type { History } from './history';
import { Load, type LoadOptions, USUAL_LOAD } from './load';
import { Random } from '../../support/random';
import { type Row, rowOf } from './report';

export interface ScenarioOptions {
  nodes?: number;
  seed?: number;
  load?: Partial<LoadOptions>;
  bounds?: Partial<Bounds>;
}

export interface Scene {
  arena: Arena;
  load: Load;
  history: History;
  random: Random;
}

const WARM_UP_MS = 600;
const SETTLE_TIMEOUT_MS = 20_000;
/** Nothing, neither an answer nor a push, takes longer once all is well. */
const SWIFT_MS = 300;
/** For what comes though it should not. */
const AFTERMATH_MS = 300;

const MEMORY_BYTES = 12_000_000;

/** Twice what architecture promises after a node's death: 4/3 of a lease and a second; and a client's way back. */
function boundsOf(arena: Arena): Bounds {
  const presenceMs = 2 * ((4 / 3) * arena.setting('NODE_LEASE_MS') + 1000);
  return { presenceMs, memoryBytes: MEMORY_BYTES };
}

function settleTimeoutMs(arena: Arena): number {
  return SETTLE_TIMEOUT_MS + boundsOf(arena).presenceMs + arena.setting('SWEEP_INTERVAL_MS');
}

/** Repeats a whole run; each scenario draws its own from it. */
export const SEED = Number(process.env['FAULT_SEED'] ?? Date.now() % 1_000_000);

/**
 * Runs one fault under load and has the checker decide. `act` does the harm and undoes it, while users keep writing
 * to one another; afterwards everything must come back by itself.
 */
export async function play(
  fault: string,
  arena: Arena,
  act: (scene: Scene) => Promise<void>,
  options: ScenarioOptions = {},
): Promise<{ row: Row; violations: Violation[]; history: History }> {
  const { nodes = 2, seed = SEED } = options;
  const random = new Random(seed);
  await arena.prepare(nodes);
  const { history } = arena;
  const load = new Load({ ...USUAL_LOAD, ...options.load }, arena.front.port, history, random);
  try {
    load.connect();
    await waitUntil('everybody is connected', () => load.isAllConnected, SETTLE_TIMEOUT_MS);
    load.start();
    await delay(WARM_UP_MS);
    await arena.readMemory('before');
    await act({ arena, load, history, random });
    const healMs = await healed(arena, load, history);
    await settle(arena, load, history);
    const remains = await arena.remains([...load.everyone]);
    const violations = check(history, remains, { ...boundsOf(arena), ...options.bounds });
    if (violations.length > 0) explain(fault, seed, arena, history);
    return { row: rowOf(fault, history, violations, healMs), violations, history };
  } finally {
    load.close();
  }
}

/** Waits until all is well again; returns how long after the last fault that was, or undefined where it never was. */
async function healed(arena: Arena, load: Load, history: History): Promise<number | undefined> {
  const faultAt = history.events.findLast(({ kind }) => kind === 'fault')?.at ?? history.now();
  try {
    await waitUntil(
      'all is well again',
      async () => {
        if (!load.isAllConnected || load.oldestWaitMs > SWIFT_MS) return false;
        const before = history.events.length;
        await arena.look([...load.everyone]);
        return isPresenceTrue(history, before, load);
      },
      settleTimeoutMs(arena),
    );
    return history.now() - faultAt;
  } catch {
    return undefined;
  }
}

function isPresenceTrue(history: History, from: number, load: Load): boolean {
  const looks = history.events.slice(from).filter((event) => event.kind === 'looked');
  return (
    looks.length > 0 &&
    looks.every(({ user, devices }) => load.devices.filter((of) => of.user === user).length === devices)
  );
}

/** No new messages; everything under way arrives, or the checker will find what did not. */
async function settle(arena: Arena, load: Load, history: History): Promise<void> {
  await delay(AFTERMATH_MS);
  load.stop();
  await waitUntil('every send is answered', () => load.isAllAnswered, settleTimeoutMs(arena)).catch(() => {});
  await untilQuiet(arena, history);
  await arena.readMemory('after');
  await arena.look([...load.everyone]);
  await delay(AFTERMATH_MS);
  await arena.look([...load.everyone]);
}

/** Longer than a sweep without any delivery. */
async function untilQuiet(arena: Arena, history: History): Promise<void> {
  const quietMs = 1.3 * arena.setting('SWEEP_INTERVAL_MS');
  await waitUntil(
    'nothing is delivered any more',
    () => {
      const last = history.events.findLast(({ kind }) => kind === 'delivered' || kind === 'answered');
      return last === undefined || history.now() - last.at > quietMs;
    },
    settleTimeoutMs(arena),
  ).catch(() => {});
}

/** What one needs to find the cause. */
function explain(fault: string, seed: number, arena: Arena, history: History): void {
  const faults = history.events.flatMap((event) =>
    event.kind === 'fault' || event.kind === 'ended' ? [JSON.stringify(event)] : [],
  );
  const logs = arena.nodes.flatMap(({ name, log }) => [`--- ${name}`, ...log.slice(-40)]);
  process.stderr.write([`\n"${fault}" failed, FAULT_SEED=${seed}`, ...faults, ...logs, ''].join('\n'));
}
