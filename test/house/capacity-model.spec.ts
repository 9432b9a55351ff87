import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Costs, HABITS, LIMITS, loadOf, needFor, saturationPerSecond, usersOn } from '../../bench/model';
import { type Comparison, comparisons, Measured, type Row } from '../../bench/model-check';

const COSTS: Costs = {
  nodeUsPerMessage: 100,
  redisUsPerMessage: 20,
  redisBytesOutPerMessage: 500,
  nodeUsPerConnect: 600,
  redisUsPerConnect: 80,
  nodeUsPerConnectionMinute: 120,
  redisUsPerSweep: 10,
  rssBytesPerConnection: 20_000,
  storeBytesPerMessage: 300,
  storeBytesPerDedupe: 200,
  storeBytesPerConnectedUser: 400,
};

const RESULTS = join(__dirname, '../../bench/results.json');
/** Medians of CPU differ by this much between runs on one machine. */
const TOLERANCE = 0.35;

/** The model knows nothing of wake-ups, which many processes on two cores have (docs/scaling.md). */
const MISSED = [
  'CPU of 16 nodes, µs per message',
  'CPU of Redis, 16 nodes, µs per message',
  'messages per second at saturation, 16 nodes',
  'CPU per message in a fleet of 16, µs',
  'CPU per message in a fleet of 32, µs',
];

const NOTHING = { connections: 0, messagesPerSecond: 0, connectsPerSecond: 0, messagesKept: 0 };

describe('the capacity model', () => {
  it('adds up what each kind of work costs', () => {
    const need = needFor(
      { connections: 60_000, messagesPerSecond: 10_000, connectsPerSecond: 100, messagesKept: 1_000_000 },
      COSTS,
    );
    expect(need.nodeCores).toBeCloseTo(1 + 0.06 + 0.12);
    expect(need.sweepsPerSecond).toBe(2_000);
    expect(need.redisCores).toBeCloseTo(0.2 + 0.008 + 0.02);
    expect(need.redisBytesOutPerSecond).toBe(5_000_000);
    expect(need.nodeRssBytes).toBe(1_200_000_000);
    expect(need.storeBytes).toBe(300_000_000 + 6_000_000 * 200 + 24_000_000);
    expect(need).toMatchObject({ nodes: 2, masters: 1 });
  });

  it('asks for one of each where nothing happens', () => {
    expect(needFor(NOTHING, COSTS)).toMatchObject({ nodes: 1, masters: 1, nodeCores: 0, storeBytes: 0 });
  });

  it('counts nodes by memory and masters by memory where those ask for more than CPU', () => {
    const need = needFor({ ...NOTHING, connections: 1_000_000, messagesKept: 200_000_000 }, COSTS);
    expect(need.nodes).toBe(Math.ceil(2e10 / LIMITS.rssBytesPerNode));
    expect(need.masters).toBe(Math.ceil((6e10 + 4e8) / LIMITS.storeBytesPerMaster));
  });

  it('shares cores between nodes, Redis and clients at saturation', () => {
    expect(saturationPerSecond(2, COSTS, 80)).toBe(10_000);
  });

  it('derives the load of many users from their habits', () => {
    expect(loadOf(3_600_000, { ...HABITS, connectedShare: 0.5 })).toEqual({
      connections: 1_800_000,
      messagesPerSecond: 2_000,
      connectsPerSecond: 500,
      messagesKept: 2_160_000_000,
    });
  });

  it('fills nodes with as many users as need just that many nodes', () => {
    const users = usersOn(10, COSTS);
    expect(needFor(loadOf(users), COSTS).nodes).toBe(10);
    expect(needFor(loadOf(users * 1.01), COSTS).nodes).toBe(11);
  });

  it('says which measurement is missing', () => {
    expect(() => comparisons(new Measured([]))).toThrow('has not been measured');
  });
});

describe('the capacity model against bench/results.json', () => {
  const rows = JSON.parse(readFileSync(RESULTS, 'utf8')) as Row[];

  const found = comparisons(new Measured(rows));
  const isMissed = ({ what }: Comparison): boolean => MISSED.includes(what);

  it.each(found.filter((comparison) => !isMissed(comparison)))('$what', ({ predicted, measured }) => {
    expect(predicted / measured).toBeGreaterThan(1 - TOLERANCE);
    expect(predicted / measured).toBeLessThan(1 + TOLERANCE);
  });

  // Red as soon as the model meets one of them: then it belongs above.
  it.each(found.filter(isMissed))('misses: $what', ({ predicted, measured }) => {
    expect(Math.abs(predicted / measured - 1)).toBeGreaterThan(TOLERANCE);
  });
});
