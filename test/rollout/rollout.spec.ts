import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { check, type Violation } from '../faults/lib/checker';
import { History } from '../faults/lib/history';
import { RedisProcess } from '../faults/lib/redis-process';
import { readRemains } from '../faults/lib/remains';
import { HaProxy, waitUntil } from '../support';
import { Random } from '../support/random';
import { Crowd } from './crowd';
import { Fleet } from './fleet';
import { measure, type Measures, type Phase, report } from './measures';

const NODES = 4;
const IS_FULL = process.env['ROLLOUT'] === 'full';
/** The full form has the settings of production; the short one heals faster, for `npm test`. */
const { clients, chatEveryMs, calmMs, environment } = IS_FULL
  ? {
      clients: 300,
      chatEveryMs: 2000,
      calmMs: 10_000,
      environment: { NODE_LEASE_MS: '10000', SWEEP_INTERVAL_MS: '30000', DRAIN_TIMEOUT_MS: '20000' },
    }
  : {
      clients: 40,
      chatEveryMs: 1000,
      calmMs: 1500,
      environment: { NODE_LEASE_MS: '3000', SWEEP_INTERVAL_MS: '2000', DRAIN_TIMEOUT_MS: '6000' },
    };
/** What a good machine does in a tenth of it. */
const PATIENCE_MS = 60_000;
const USUAL = {
  REDIS_COMMAND_TIMEOUT_MS: '2000',
  PING_INTERVAL_MS: '25000',
  PING_TIMEOUT_MS: '20000',
};

jest.setTimeout(600_000);

describe(`${clients} clients on ${NODES} nodes behind HAProxy, while nodes come and go`, () => {
  const history = new History();
  const phases: Phase[] = [];
  const exitCodes: (number | null)[] = [];
  let redis: RedisProcess;
  let fleet: Fleet;
  let proxy: HaProxy;
  let crowd: Crowd;
  let measures: Measures[] = [];
  let violations: Violation[] = [];
  let routesTooMany = Number.NaN;
  let routesLeft = Number.NaN;

  beforeAll(async () => {
    redis = await RedisProcess.start(['--appendonly', 'yes', '--appendfsync', 'everysec']);
    fleet = await Fleet.prepare(NODES, redis, { ...USUAL, ...environment });
    for (let i = 0; i < NODES; i += 1) await fleet.add();
    proxy = await HaProxy.start(fleet.ports);
    crowd = new Crowd(clients, proxy.port, history, new Random(7));
    await settled();

    crowd.chat(chatEveryMs);
    await play('nothing happens', () => delay(calmMs));
    await play('every node replaced', replaceEveryNode);
    await play('four nodes to two', () => scaleDown(2));
    await play('a node killed, another started', killOne);
    crowd.stop();
    await waitUntil('every send is answered', () => crowd.isAnswered, PATIENCE_MS);
    await untilQuiet();

    await fleet.look(crowd.users, history);
    const remains = await readRemains(() => fleet.living[0], redis, crowd.users, history.now());
    violations = check(history, remains, { presenceMs: Number.POSITIVE_INFINITY, memoryBytes: 0 });
    measures = phases.map((phase) => measure(phase, history, crowd));
    routesTooMany = (await countRoutes()) - clients;
    crowd.close();
    await waitUntil('every route is gone', async () => (await countRoutes()) === 0).catch(() => {});
    routesLeft = await countRoutes();
    report(measures, [
      `Acknowledged messages lost: ${violations.filter(({ rule }) => rule === 1).length}; out of order, doubled on a connection, or misdirected: ${violations.filter(({ rule }) => rule !== 1).length}.`,
      `Routes in Redis beyond those of living connections at the end: ${routesTooMany}; after all had left: ${routesLeft}.`,
      `Exit codes of the nodes that got SIGTERM: ${exitCodes.join(', ')}.`,
    ]);
  });

  afterAll(async () => {
    crowd?.close();
    await proxy?.close();
    await fleet?.close();
    await redis?.close();
  });

  /** A phase is over when everybody is connected again. */
  async function play(name: string, act: () => Promise<void>): Promise<void> {
    const from = history.now();
    await act();
    await delay(calmMs / 2);
    await settled();
    phases.push({ name, from, to: history.now() });
  }

  async function settled(): Promise<void> {
    await waitUntil('everybody is connected', () => crowd.isConnected, PATIENCE_MS);
  }

  /** `maxSurge: 1, maxUnavailable: 0`: a new one is ready, then an old one goes. Not even a preStop softens it. */
  async function replaceEveryNode(): Promise<void> {
    for (const old of fleet.living) {
      await fleet.add();
      exitCodes.push(await old.terminate());
      await settled();
    }
  }

  async function scaleDown(to: number): Promise<void> {
    const going = fleet.living.slice(to);
    exitCodes.push(...(await Promise.all(going.map((node) => node.terminate()))));
  }

  async function killOne(): Promise<void> {
    await fleet.living[0]?.kill();
    await fleet.add();
  }

  /** Longer than a sweep without any delivery, or as long as patience lasts. */
  async function untilQuiet(): Promise<void> {
    const quietMs = 1.2 * Number(environment.SWEEP_INTERVAL_MS);
    await waitUntil(
      'nothing is delivered any more',
      () => history.now() - (history.events.findLast(({ kind }) => kind === 'delivered')?.at ?? 0) > quietMs,
      PATIENCE_MS + quietMs,
    );
  }

  async function countRoutes(): Promise<number> {
    return redis.use(async (client: Redis) => {
      const keys = await client.keys('*presence:*');
      const counts = await Promise.all(keys.map((key) => client.hlen(key)));
      return counts.reduce((sum, count) => sum + count, 0);
    });
  }

  it('has really moved everybody', () => {
    const reconnects = measures.map((row) => row.reconnects);
    expect(reconnects[0]).toBe(0);
    expect(reconnects[1]).toBeGreaterThanOrEqual(clients);
    expect(Math.min(...reconnects.slice(2))).toBeGreaterThan(0);
    expect(Math.min(...measures.map(({ sent }) => sent))).toBeGreaterThan(0);
  });

  it('loses no acknowledged message, and none comes twice or out of order on a connection', () => {
    expect(violations.slice(0, 10)).toEqual([]);
  });

  it('answers every send, at the latest when the client tries again', () => {
    expect(measures.map(({ failed }) => failed)).toEqual([0, 0, 0, 0]);
    expect(measures.map(({ acknowledged }) => acknowledged)).toEqual(measures.map(({ sent }) => sent));
  });

  it('tells nobody to stay away', () => {
    expect(history.events.filter((event) => event.kind === 'ended' && event.forGood)).toEqual([]);
  });

  it('ends every node that was told to go in good order', () => {
    expect(exitCodes).toEqual([0, 0, 0, 0, 0, 0]);
  });

  it('leaves no route behind', () => {
    expect([routesTooMany, routesLeft]).toEqual([0, 0]);
  });
});
