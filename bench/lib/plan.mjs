/** Which cases belong to which part. */
import { catchUpCase } from '../scenarios/catch-up.mjs';
import { ceilingCase } from '../scenarios/ceiling.mjs';
import { costCase } from '../scenarios/cost.mjs';
import { fleetCase } from '../scenarios/fleet.mjs';
import { idleCase } from '../scenarios/idle.mjs';
import { latencyCase } from '../scenarios/latency.mjs';
import { memoryCase } from '../scenarios/memory.mjs';
import { unreadCase } from '../scenarios/unread.mjs';
import { TARGETS } from '../targets/catalogue.mjs';

const PEERS = ['beeline', 'classic', 'sharded'];

/** Every combination; a target of one node only where that is asked for. */
const cross = (targets, sizes) =>
  sizes.flatMap((nodes) =>
    targets.filter((name) => nodes === 1 || !TARGETS[name].onOneNodeOnly).map((name) => [name, nodes]),
  );

export const SHORT = ({ cost }) =>
  cross(['beeline', 'classic', 'sharded', 'naive'], [1, 4, 16]).map(([target, nodes]) =>
    costCase(target, nodes, cost),
  );

export const PARTS = {
  cost: ({ cost }) =>
    cross(Object.keys(TARGETS), [1, 2, 4, 8, 16]).map(([target, nodes]) => costCase(target, nodes, cost)),
  fleet: ({ fleet }) => cross(PEERS, [4, 16, 32]).map(([target, nodes]) => fleetCase(target, nodes, fleet)),
  latency: ({ latency }) =>
    [500, 2_000].flatMap((perSecond) =>
      ['same', 'across'].flatMap((way) =>
        PEERS.map((target) => latencyCase(target, { ...latency, perSecond, way })),
      ),
    ),
  idle: ({ idle, unread }) => [
    ...['bare', 'classic', 'nest-classic', 'beeline'].map((target) => idleCase(target, idle)),
    unreadCase(unread),
  ],
  'catch-up': ({ catchUp }) => [catchUpCase(catchUp)],
  ceiling: ({ ceiling, memory }) => [
    ...['beeline', 'gathered', 'by-hand', 'by-hand-commands', 'three-masters', 'sweep', 'register'].map(
      (kind) => ceilingCase(kind, ceiling),
    ),
    memoryCase(memory),
  ],
  /** No more than the figures of reach.mjs need. */
  reach: ({ cost, fleet, idle, unread, ceiling }) => [
    costCase('beeline', 1, cost),
    costCase('bare', 1, cost),
    costCase('beeline', 2, cost),
    costCase('beeline', 16, cost),
    ...['beeline', 'classic', 'sharded', 'nest-classic', 'nest-sharded', 'naive'].map((target) =>
      costCase(target, 4, cost),
    ),
    ...cross(['beeline', 'classic'], [4, 32]).map(([target, nodes]) => fleetCase(target, nodes, fleet)),
    ceilingCase('beeline', ceiling),
    ceilingCase('by-hand', ceiling),
    idleCase('beeline', idle),
    idleCase('bare', idle),
    unreadCase(unread),
  ],
};
