import { setTimeout as delay } from 'node:timers/promises';
import { waitUntil } from '../support';
import {
  dropReplies,
  emptyRedis,
  forgetScripts,
  killRedis,
  killSubscribers,
  losePublishes,
  outOfMemory,
  partition,
  readOnly,
  refuse,
} from './lib/faults';
import type { History } from './lib/history';
import type { NodeProcess } from './lib/node-process';
import { RedisProcess } from './lib/redis-process';
import { SingleRedis } from './lib/stores/single-redis';
import { FaultSuite } from './lib/suite';

const SWEEP_MS = 1000;

describe('faults of Redis and of the way to it, under load', () => {
  const suite = new FaultSuite(() => SingleRedis.start(RedisProcess.ALWAYS_ON_DISK));

  it('promise 1: a Redis that writes to disk may be killed: what it acknowledged is there', async () => {
    await suite.holds('SIGKILL of Redis (AOF always)', ({ arena }) => killRedis(arena, arena.redis, 800));
  });

  it('promise 5: presence is back after Redis was emptied', async () => {
    await suite.holds('Redis emptied', ({ arena }) => emptyRedis(arena));
  });

  it('promise 2: what was published while the subscribers were cut off is read instead, in order', async () => {
    await suite.holds('CLIENT KILL of the subscribers', async ({ arena }) => {
      for (let i = 0; i < 3; i += 1) {
        await killSubscribers(arena, [arena.redis]);
        await delay(300);
      }
    });
  });

  it('promise 4: with every publish lost, messages come within a sweep and a second', async () => {
    const history = await suite.holds('every publish lost', ({ arena }) =>
      losePublishes(arena, 2 * SWEEP_MS),
    );
    expect(slowestDeliveryMs(history)).toBeLessThan(2 * (SWEEP_MS + 1000));
  });

  it('promise 5: a user who leaves while the node is cut off from Redis reads offline afterwards', async () => {
    await suite.holds('partition node–Redis, a user leaves', async ({ arena, load }) => {
      const node = arena.node(0);
      const leaver = load.connectDevice('leaver', 'phone', node.port);
      await waitUntil('the leaver is connected', () => leaver.isSynced);
      const over = partition(arena, node, 2000);
      await delay(500);
      load.leave(leaver);
      await over;
    });
  });

  it('promise 1: Redis refusing connections is told at once, and sends are made good later', async () => {
    await suite.holds('connections to Redis refused', async ({ arena }) => {
      const node = arena.node(0);
      const over = refuse(arena, node, 1200);
      await delay(200);
      expect(await medianRefusalMs(node)).toBeLessThan(200);
      await waitUntil('it is not ready', async () => !(await node.isReady()));
      expect((await node.ask('GET', '/healthz')).status).toBe(200);
      await over;
    });
  });

  it('promise 1: an append whose answer was lost is repeated and stored once', async () => {
    const history = await suite.holds('replies of Redis dropped', ({ arena }) =>
      dropReplies(arena, arena.node(0), 1200),
    );
    expect(history.events.some(({ kind }) => kind === 'unanswered')).toBe(true);
  });

  it('promise 1: Redis that takes no writes (out of memory, read-only) or forgets scripts', async () => {
    await suite.holds('Redis out of memory, read-only, scripts flushed', async ({ arena }) => {
      await forgetScripts(arena, [arena.redis]);
      await outOfMemory(arena, arena.redis, 700);
      await delay(300);
      await readOnly(arena, 700);
    });
  });
});

/** From the acknowledgement of a message to its arrival at a device of the receiver that was connected all the time. */
function slowestDeliveryMs({ events }: History): number {
  const answeredAt = new Map<string, number>();
  for (const event of events) if (event.kind === 'answered') answeredAt.set(event.id, event.at);
  return Math.max(
    ...events.flatMap((event) =>
      event.kind === 'delivered' ? [event.at - (answeredAt.get(event.message.id) ?? event.at)] : [],
    ),
  );
}

async function medianRefusalMs(node: NodeProcess): Promise<number> {
  const took: number[] = [];
  for (let i = 0; i < 5; i += 1) {
    const startedAt = performance.now();
    const body = { to: 'user-0', body: { mark: '' } };
    expect((await node.ask('POST', '/messages', { body })).status).toBe(503);
    took.push(performance.now() - startedAt);
  }
  return took.toSorted((a, b) => a - b)[2] as number;
}
