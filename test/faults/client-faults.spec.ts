import { setTimeout as delay } from 'node:timers/promises';
import { waitUntil } from '../support';
import { abandonClients, cutClients } from './lib/faults';
import type { NodeProcess } from './lib/node-process';
import { FaultSuite } from './lib/suite';

const MAX_BUFFERED_BYTES = 262_144;

describe('faults of clients and of the way to them, under load', () => {
  // Pings wait behind megabytes on the way to a slow receiver: here they may take their time.
  const suite = new FaultSuite(undefined, {
    MAX_BUFFERED_BYTES: `${MAX_BUFFERED_BYTES}`,
    INBOX_MAX_BYTES: `${64 * 2 ** 20}`,
    PING_TIMEOUT_MS: '20000',
  });

  it('promise 6: a receiver that reads slowly costs a bounded amount and gets everything in order', async () => {
    const history = await suite.holds('a slow receiver', async ({ arena, load }) => {
      const wire = await arena.wireTo(arena.node(0));
      const slow = load.connectDevice(load.user(0), 'slow', wire.port);
      await waitUntil('it is connected', () => slow.isSynced);
      const heldBefore = await arena.node(0).memoryBytes();
      wire.slow(100_000);
      await load.flood(load.user(1), load.user(0), 2500, 40, 8000);
      const held = (await arena.node(0).memoryBytes()) - heldBefore;
      expect(slow.received).toBeLessThan(2000);
      expect(held).toBeLessThan(2 * MAX_BUFFERED_BYTES + 6_000_000);
      arena.fault('the slow receiver reads again');
      await wire.pass();
      await waitUntil('it has everything', () => slow.received >= 2500, 20_000);
    });
    const cutOff = history.events.filter(
      (event) => event.kind === 'ended' && event.device === 'slow' && event.reason !== 'io client disconnect',
    );
    expect(cutOff).toEqual([]);
  });

  it('promise 2: a flood by one sender delays the others and breaks nothing', async () => {
    await suite.holds('a flood by one sender', async ({ arena, load }) => {
      await load.flood(load.user(1), load.user(0), 3000, 300);
      arena.fault('the flood is over');
    });
  });

  it('promise 2: a hundred connections cut off at once come back, each message once per connection', async () => {
    await suite.holds('every client cut off at once', async ({ arena, load }) => {
      for (let i = 0; i < 90; i += 1) load.connectDevice(`crowd-${i}`, 'phone');
      await waitUntil('the crowd is there', () => load.isAllConnected);
      for (let i = 0; i < 3; i += 1) {
        cutClients(arena);
        await delay(300);
      }
    });
  });

  it('promise 5: connections that are half-open are replaced, and those who stay away read offline', async () => {
    const pings = { PING_TIMEOUT_MS: '1000' };
    await suite.holds('half-open connections', async ({ arena, load }) => {
      const strict = await arena.startNode(pings);
      const wire = await arena.wireTo(strict);
      const leaver = load.connectDevice('half-open', 'phone', wire.port);
      await waitUntil('it is connected', () => leaver.isSynced);
      wire.abandonAll();
      load.leave(leaver);
      abandonClients(arena);
      await delay(300);
      expect(await devicesOf(strict, 'half-open')).toBe(1);
      await waitUntil('the ping has found it', async () => (await devicesOf(strict, 'half-open')) === 0);
    });
  });

  it('promise 3: a message costs one publish for each other node that holds its receiver, however many nodes there are', async () => {
    for (const nodes of [2, 3]) {
      let published = 0;
      let expected = 0;
      await suite.holds(
        `no fault, ${nodes} nodes`,
        async ({ arena, load, history }) => {
          load.stop();
          await waitUntil('every send is answered', () => load.isAllAnswered);
          const nodesOf = (user: string, device?: string): string[] =>
            history.events.flatMap((event) =>
              event.kind === 'connected' && event.user === user && (device ?? event.device) === event.device
                ? [event.node]
                : [],
            );
          const [home] = nodesOf(load.user(1), 'phone');
          expected = 100 * new Set(nodesOf(load.user(0)).filter((node) => node !== home)).size;
          const before = await envelopes(arena.nodes);
          await load.flood(load.user(1), load.user(0), 100, 20);
          published = (await envelopes(arena.nodes)) - before;
          arena.fault('none');
        },
        { nodes },
      );
      expect(published).toBe(expected);
    }
  });
});

/** Envelopes that these nodes have published so far. */
async function envelopes(nodes: readonly NodeProcess[]): Promise<number> {
  const counts = await Promise.all(nodes.map((node) => node.publishes()));
  return counts.reduce((sum, count) => sum + count, 0);
}

async function devicesOf(node: NodeProcess, user: string): Promise<number> {
  const { body } = await node.ask('GET', `/presence/${user}`);
  return (body['presence'] as Record<string, { devices: number }>)[user]?.devices ?? -1;
}
