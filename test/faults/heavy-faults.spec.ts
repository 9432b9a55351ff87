import { setTimeout as delay } from 'node:timers/promises';
import { waitUntil } from '../support';
import { clockOff } from './lib/faketime';
import { cutClients, killNode, terminate } from './lib/faults';
import { FaultSuite } from './lib/suite';

const isLongForm = Number(process.env['FAULT_MINUTES'] ?? 0) > 0;
const CROWD = 3000;
const BIG_INBOX = 50_000;
const PATIENCE_MS = 120_000;

/** As in production: thousands of clients and three nodes share this machine's few cores. */
const AT_EASE = {
  PING_INTERVAL_MS: '25000',
  PING_TIMEOUT_MS: '20000',
  REDIS_COMMAND_TIMEOUT_MS: '2000',
};

/** Only in the long form: minutes of work each. */
(isLongForm ? describe : describe.skip)('a crowd, under load', () => {
  // A node that is busy with a thousand handshakes must not lose its lease to that, nor its users their places.
  const suite = new FaultSuite(undefined, { ...AT_EASE, NODE_LEASE_MS: '10000', SWEEP_INTERVAL_MS: '10000' });

  it('promise 5: 3,000 connections are lost and come back, then a third of them with their node', async () => {
    await suite.holds(
      '3,000 connections lost and back, then a node killed',
      async ({ arena, load }) => {
        load.connectCrowd(CROWD);
        await waitUntil('the crowd is there', () => load.isAllConnected, PATIENCE_MS);
        await arena.readMemory('before');
        cutClients(arena);
        await waitUntil('the crowd is back', () => load.isAllConnected, PATIENCE_MS);
        await killNode(arena, arena.node(0));
        await waitUntil('the crowd is back again', () => load.isAllConnected, PATIENCE_MS);
        arena.fault('everybody is back');
      },
      { nodes: 3, load: { rate: 3 }, bounds: { memoryBytes: 150_000_000 } },
    );
  }, 600_000);
});

(isLongForm ? describe : describe.skip)('heavy faults, under load', () => {
  const suite = new FaultSuite(undefined, {
    ...AT_EASE,
    INBOX_MAX_LENGTH: '60000',
    INBOX_MAX_BYTES: `${64 * 2 ** 20}`,
  });

  it('promise 6: an inbox of 50,000 is replayed to a device that comes back, and others do not wait for it', async () => {
    await suite.holds(`an inbox of ${BIG_INBOX} replayed`, async ({ arena, load }) => {
      // From all of them together: one alone would be over the limit of events, and in the end evicted for it.
      const share = Math.ceil(BIG_INBOX / load.users.length);
      await Promise.all(load.users.map((user) => load.flood(user, 'absent', share, 30)));
      const back = load.connectDevice('absent', 'phone');
      let longestWaitMs = 0;
      await waitUntil(
        'everything is replayed',
        () => {
          longestWaitMs = Math.max(longestWaitMs, load.oldestWaitMs);
          return back.received >= BIG_INBOX;
        },
        PATIENCE_MS,
      );
      expect(longestWaitMs).toBeLessThan(2000);
      arena.fault('replayed');
    });
  }, 600_000);

  it('promise 2: after a failover to a master whose clock is behind, no connection sees a step back', async () => {
    await suite.holds('failover to a replica whose clock is 30 s behind', async ({ arena }) => {
      const replica = await arena.startReplica(clockOff('-30s'));
      await delay(1000);
      await arena.failOver(replica);
      await delay(1000);
    });
  }, 300_000);

  it('promise 8: nodes whose system clocks are an hour off, either way, order and judge by the store', async () => {
    await suite.holds('system clock of a node an hour off', async ({ arena }) => {
      for (const offset of ['+1h', '-1h']) await arena.startNode(clockOff(offset));
      for (const node of arena.nodes.slice(0, 2)) await terminate(arena, node);
      await delay(3000);
    });
  }, 300_000);
});
