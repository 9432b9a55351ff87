/** From the time a message was meant to be sent until its receiver has it: an open loop, on two nodes. */
import { Traffic } from '../lib/traffic.mjs';
import { openCluster } from '../targets/catalogue.mjs';

const NODES = 2;

/** `way`: the receiver is on the `same` node as the sender, or `across`. */
export const latencyCase = (target, { perSecond, seconds, way }) => ({
  scenario: `latency ${way} ${perSecond}`,
  target,
  nodes: NODES,
  settings: { perSecond, seconds },
  measure: () => measureLatency(target, perSecond, seconds, way === 'across'),
});

async function measureLatency(target, perSecond, seconds, across) {
  const cluster = await openCluster(target, NODES);
  const traffic = await Traffic.open(cluster, { across });
  try {
    await traffic.warmUp(NODES, perSecond * seconds);
    await traffic.sendAtRate(perSecond, perSecond, { exact: true });
    return await traffic.sendAtRate(perSecond * seconds, perSecond, { exact: true });
  } finally {
    traffic.close();
    await cluster.stop();
  }
}
