/** CPU, and what Redis does, per message that was sent, answered and received; throughput at saturation. */
import { cpuMsOf } from '../lib/processes.mjs';
import { perMessage } from '../lib/redis.mjs';
import { Traffic } from '../lib/traffic.mjs';
import { openCluster } from '../targets/catalogue.mjs';

export const costCase = (target, nodes, { messages }) => ({
  scenario: 'cost',
  target,
  nodes,
  settings: { messages },
  measure: () => measureCost(target, nodes, messages),
});

async function measureCost(target, nodes, messages) {
  const cluster = await openCluster(target, nodes);
  const traffic = await Traffic.open(cluster);
  try {
    await traffic.warmUp(nodes, messages);
    const [redisBefore, nodesBefore, driverBefore] = await look(cluster);
    const startedAt = performance.now();
    await traffic.saturate(messages);
    const seconds = (performance.now() - startedAt) / 1000;
    const [redisAfter, nodesAfter, driverAfter] = await look(cluster);
    const nodesUs = ((nodesAfter - nodesBefore) * 1000) / messages;
    const redis = redisBefore && perMessage(redisBefore, redisAfter, messages);
    return {
      totalUs: nodesUs + (redis?.redisUs ?? 0),
      nodesUs,
      ...redis,
      perSecond: messages / seconds,
      driverUs: ((driverAfter - driverBefore) * 1000) / messages,
    };
  } finally {
    traffic.close();
    await cluster.stop();
  }
}

async function look({ redis, children }) {
  return [await redis?.counters(), cpuMsOf(children), cpuMsOf([process])];
}
