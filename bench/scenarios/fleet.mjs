/**
 * CPU per message as the fleet grows, at one fixed rate of the whole fleet. What the processes cost while nobody writes
 * (timers, pings, leases, sweeps) is measured before and subtracted.
 */
import { cpuMsOf } from '../lib/processes.mjs';
import { sleep } from '../lib/time.mjs';
import { Traffic } from '../lib/traffic.mjs';
import { openCluster } from '../targets/catalogue.mjs';

export const fleetCase = (target, nodes, { perSecond, seconds }) => ({
  scenario: 'fleet',
  target,
  nodes,
  settings: { perSecond, seconds },
  measure: () => measureFleet(target, nodes, perSecond, seconds),
});

async function measureFleet(target, nodes, perSecond, seconds) {
  const cluster = await openCluster(target, nodes);
  const traffic = await Traffic.open(cluster);
  const usage = async () => ({
    nodesMs: cpuMsOf(cluster.children),
    redisMs: (await cluster.redis.counters()).cpuMs,
    at: performance.now(),
  });
  /** CPU per wall time, of the nodes and of Redis. */
  const sharesDuring = async (work) => {
    const before = await usage();
    await work();
    const after = await usage();
    const share = (name) => (after[name] - before[name]) / (after.at - before.at);
    return { nodes: share('nodesMs'), redis: share('redisMs') };
  };
  try {
    const messages = perSecond * seconds;
    await traffic.warmUp(nodes, messages);
    await sleep(1000);
    const idle = await sharesDuring(() => sleep((seconds * 1000) / 2));
    const busy = await sharesDuring(() => traffic.sendAtRate(messages, perSecond));
    const perMessageUs = (name) => ((busy[name] - idle[name]) * 1e6) / perSecond;
    return {
      totalUs: perMessageUs('nodes') + perMessageUs('redis'),
      nodesUs: perMessageUs('nodes'),
      redisUs: perMessageUs('redis'),
      idleMsPerSecond: (idle.nodes + idle.redis) * 1000,
    };
  } finally {
    traffic.close();
    await cluster.stop();
  }
}
