/**
 * The model against what was measured. Its costs come from the smallest deployment that has another node (2 nodes) and
 * from parts measured alone; what it says of larger ones, and of other loads, is compared with rows of those.
 */
import { type Costs, LIMITS, needFor, saturationPerSecond } from './model';

export interface Row {
  scenario: string;
  target: string;
  nodes: number;
  run: string;
  settings: Record<string, number>;
  samples: Record<string, number>[];
}

export interface Comparison {
  what: string;
  predicted: number;
  measured: number;
}

/** The newest row of a case of Beeline, and the median of one of its values. */
export class Measured {
  constructor(private readonly rows: readonly Row[]) {}

  has(scenario: string, nodes: number): boolean {
    return this.row(scenario, nodes) !== undefined;
  }

  of(scenario: string, nodes: number, name: string, target = 'beeline'): number {
    const numbers = this.row(scenario, nodes, target)?.samples.map((sample) => sample[name]);
    if (numbers === undefined || numbers.includes(undefined)) {
      throw new Error(`${name} of ${scenario}, ${target}, ${nodes} nodes has not been measured`);
    }
    return medianOf(numbers as number[]);
  }

  private row(scenario: string, nodes: number, target = 'beeline'): Row | undefined {
    return this.rows.findLast(
      (row) =>
        row.scenario === scenario && row.target === target && row.nodes === nodes && row.samples.length > 0,
    );
  }
}

const SWEEPS_PER_MINUTE = 60_000 / LIMITS.sweepIntervalMs;

/**
 * Throws where a row is missing that a cost is read from. A sweep is priced as idle connections cause it, one by one, each
 * waking Redis up: a Redis that is busy anyway does the same script for less (scenario `ceiling`).
 */
export function costsFrom(measured: Measured): Costs {
  return {
    nodeUsPerMessage: measured.of('cost', 2, 'nodesUs'),
    redisUsPerMessage: measured.of('cost', 2, 'redisUs'),
    redisBytesOutPerMessage: measured.of('cost', 2, 'redisBytesOut'),
    nodeUsPerConnect: measured.of('idle', 1, 'connectNodesUs'),
    redisUsPerConnect: measured.of('idle', 1, 'connectRedisUs'),
    nodeUsPerConnectionMinute: measured.of('idle', 1, 'idleNodesUsPerMinute'),
    redisUsPerSweep: measured.of('idle', 1, 'idleRedisUsPerMinute') / SWEEPS_PER_MINUTE,
    rssBytesPerConnection: measured.of('idle', 1, 'rssBytes'),
    storeBytesPerMessage: measured.of('memory', 1, 'messageBytes'),
    storeBytesPerDedupe: measured.of('memory', 1, 'dedupeBytes'),
    storeBytesPerConnectedUser: measured.of('memory', 1, 'idleUserBytes'),
  };
}

export function comparisons(measured: Measured): Comparison[] {
  const costs = costsFrom(measured);
  const found: Comparison[] = [];
  for (const nodes of [4, 8, 16]) {
    if (!measured.has('cost', nodes)) continue;
    const of = (name: string): number => measured.of('cost', nodes, name);
    const messages = { connections: 0, connectsPerSecond: 0, messagesKept: 0, messagesPerSecond: 1 };
    const need = needFor(messages, costs);
    found.push(
      {
        what: `CPU of ${nodes} nodes, µs per message`,
        predicted: need.nodeCores * 1e6,
        measured: of('nodesUs'),
      },
      {
        what: `CPU of Redis, ${nodes} nodes, µs per message`,
        predicted: need.redisCores * 1e6,
        measured: of('redisUs'),
      },
      {
        what: `Redis bytes out, ${nodes} nodes`,
        predicted: need.redisBytesOutPerSecond,
        measured: of('redisBytesOut'),
      },
      {
        what: `messages per second at saturation, ${nodes} nodes`,
        predicted: saturationPerSecond(coresBusy(of), costs, of('driverUs')),
        measured: of('perSecond'),
      },
    );
  }
  for (const nodes of [16, 32]) {
    if (!measured.has('fleet', 4) || !measured.has('fleet', nodes)) continue;
    found.push({
      what: `CPU per message in a fleet of ${nodes}, µs`,
      predicted: measured.of('fleet', 4, 'totalUs'),
      measured: measured.of('fleet', nodes, 'totalUs'),
    });
  }
  return found;
}

/** What nodes, Redis and driver had of the machine: nearly all of it, where nothing else ran. */
function coresBusy(of: (name: string) => number): number {
  return ((of('nodesUs') + of('redisUs') + of('driverUs')) * of('perSecond')) / 1e6;
}

function medianOf(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
