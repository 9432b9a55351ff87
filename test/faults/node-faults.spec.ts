import { setTimeout as delay } from 'node:timers/promises';
import { waitUntil } from '../support';
import { cutClients, freeze, killAt, killInDrain, killNode, terminate } from './lib/faults';
import type { EventOf, History } from './lib/history';
import { FaultSuite } from './lib/suite';

const LEASE_MS = 1500;

describe('faults of nodes, under load', () => {
  const suite = new FaultSuite();

  it('promise 1: a node killed outright loses no acknowledged message', async () => {
    await suite.holds('SIGKILL of a node', ({ arena, random }) => killNode(arena, random.pick(arena.nodes)), {
      nodes: 3,
    });
  });

  it('promise 5: users of a killed node who stay away read offline in time', async () => {
    await suite.holds('SIGKILL of a node whose users stay away', async ({ arena, load }) => {
      const doomed = arena.node(0);
      for (const user of ['away-1', 'away-2']) load.connectDevice(user, 'phone', doomed.port);
      await delay(500);
      await killNode(arena, doomed);
      for (const device of load.devices.filter(({ user }) => user.startsWith('away'))) load.leave(device);
    });
  });

  it('promise 1: killed after the append and before the publish, the sweep finds the message', async () => {
    await suite.holds('SIGKILL after the append, before the publish', ({ arena }) =>
      killAt(arena, arena.node(0), 'before-publish', 5),
    );
  });

  it('promise 1: killed after the publish and before the push, the next connection replays it', async () => {
    await suite.holds('SIGKILL after the publish, before the push', ({ arena }) =>
      killAt(arena, arena.node(0), 'before-push', 5),
    );
  });

  it('promise 2: killed in mid-replay, another node begins it again', async () => {
    await suite.holds('SIGKILL in mid-replay', async ({ arena, load }) => {
      await load.flood(load.user(1), load.user(0), 600, 50);
      const killed = killAt(arena, arena.node(0), 'mid-replay', 5);
      for (let i = 0; i < 4; i += 1) load.connectDevice(load.user(0), `new-${i}`);
      await killed;
    });
  });

  it('promise 5: killed in mid-drain, what it had not cleared runs out', async () => {
    await suite.holds('SIGKILL in mid-drain', async ({ arena }) => {
      expect(await killInDrain(arena, arena.node(0))).toBeNull();
    });
  });

  it('promise 2: frozen for less than its lease, a node goes on', async () => {
    await suite.holds('SIGSTOP for less than the lease', ({ arena }) =>
      freeze(arena, arena.node(0), LEASE_MS * 0.5),
    );
  });

  it('promise 5: frozen for longer than its lease, a node comes back under a new id and takes nobody back', async () => {
    const history = await suite.holds('SIGSTOP for longer than the lease', ({ arena }) =>
      freeze(arena, arena.node(0), LEASE_MS * 2),
    );
    expect(history.events.some(({ kind }) => kind === 'ended')).toBe(true);
  });

  it('promise 1: SIGTERM of one node after another, each replaced, and everybody is told', async () => {
    const codes: (number | null)[] = [];
    const history = await suite.holds('SIGTERM of every node in turn', async ({ arena }) => {
      for (const old of [...arena.nodes]) {
        await arena.startNode();
        codes.push(await terminate(arena, old));
        expect(await arena.redis.keysThatMention(`${old.name}-`)).toEqual([]);
      }
    });
    expect(codes).toEqual([0, 0]);
    expect(toldToGo(history).size).toBeGreaterThanOrEqual(12);
  });

  it('promise 2: a node started while others send to users that it takes over', async () => {
    const history = await suite.holds('a node started, users move to it', async ({ arena }) => {
      const late = await arena.startNode();
      for (let i = 0; i < 3; i += 1) {
        cutClients(arena);
        await waitUntil('some have come to it', () => hasConnections(arena.history, late.name, i));
        await delay(200);
      }
    });
    expect(history.events.some(({ kind }) => kind === 'ended')).toBe(true);
  });

  it('promise 8: nodes whose clocks are an hour off, either way, order and judge by the store', async () => {
    await suite.holds('clock of a node an hour off', async ({ arena }) => {
      await arena.startNode({ FAULT_CLOCK_OFFSET_MS: '3600000' });
      await arena.startNode({ FAULT_CLOCK_OFFSET_MS: '-3600000' });
      for (const node of arena.nodes.slice(0, 2)) await terminate(arena, node);
      await delay(500);
    });
  });

  it('promise 7: one node alone, killed and started again, keeps the same promises', async () => {
    await suite.holds(
      'SIGKILL of the only node',
      async ({ arena }) => {
        await killNode(arena, arena.node(0));
        await arena.startNode();
        arena.fault('a new node');
      },
      { nodes: 1 },
    );
  });
});

/** Whether devices have connected to that node more often than so. */
function hasConnections({ events }: History, node: string, more: number): boolean {
  // Node ids begin with the node's name.
  const there = events.filter((event) => event.kind === 'connected' && event.node.startsWith(`${node}-`));
  return there.length > more;
}

/** Devices that heard `session:end draining` before their connection ended. */
function toldToGo(history: History): Set<string> {
  const told = history.events.filter((event): event is EventOf<'told'> => event.kind === 'told');
  return new Set(
    told.filter(({ reason }) => reason === 'draining').map(({ user, device }) => `${user}/${device}`),
  );
}
