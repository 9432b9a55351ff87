import { setTimeout as delay } from 'node:timers/promises';
import { FaultSuite } from './lib/suite';

describe('faults of nodes, under load', () => {
  const suite = new FaultSuite();

  it('promise 1: a node killed outright loses no acknowledged message', async () => {
    await suite.holds(
      'SIGKILL of a node',
      async ({ arena }) => {
        await arena.node(0).kill();
        arena.fault('node killed');
        await delay(500);
      },
      { nodes: 3 },
    );
  }, 60_000);
});
