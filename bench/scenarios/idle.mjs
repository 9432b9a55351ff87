/** What a connection costs that only is there: memory, the CPU of connecting, the CPU of being kept. */
import { cpuMsOf, memoryOf } from '../lib/processes.mjs';
import { RawClient } from '../lib/raw-client.mjs';
import { forEachOf, sleep } from '../lib/time.mjs';
import { openCluster } from '../targets/catalogue.mjs';

const AT_ONCE = 50;
const SETTLE_MS = 2000;
/** Enough for what a process takes once; more would leave memory behind that the measured ones then find. */
const FIRST_CONNECTIONS = 500;

export const idleCase = (target, { connections, idleSeconds }) => ({
  scenario: 'idle',
  target,
  nodes: 1,
  settings: { connections, idleSeconds },
  measure: () => measureIdle(target, connections, idleSeconds),
});

async function measureIdle(target, connections, idleSeconds) {
  const cluster = await openCluster(target, 1);
  const [{ child }] = cluster.nodes;
  try {
    await closeAll(await connectAll(cluster, 'first', FIRST_CONNECTIONS));
    const empty = await memoryOf(child);
    const clients = await connectAll(cluster, 'user', connections);
    const full = await memoryOf(child);
    const idle = await cpuDuring(cluster, () => sleep(idleSeconds * 1000));
    await closeAll(clients);
    // Only now is the code of connecting warm.
    const again = [];
    const connect = await cpuDuring(cluster, async () => {
      again.push(...(await connectAll(cluster, 'user', connections)));
    });
    await closeAll(again);
    const perMinute = 60 / idleSeconds;
    return {
      rssBytes: (full.rss - empty.rss) / connections,
      heapBytes: (full.heapUsed - empty.heapUsed) / connections,
      connectUs: (connect.nodesUs + connect.redisUs) / connections,
      connectNodesUs: connect.nodesUs / connections,
      connectRedisUs: connect.redisUs / connections,
      idleNodesUsPerMinute: (idle.nodesUs * perMinute) / connections,
      idleRedisUsPerMinute: (idle.redisUs * perMinute) / connections,
    };
  } finally {
    await cluster.stop();
  }
}

async function closeAll(clients) {
  for (const client of clients) client.close();
  await sleep(SETTLE_MS);
}

async function cpuDuring(cluster, work) {
  const before = await usage(cluster);
  await work();
  const after = await usage(cluster);
  return {
    nodesUs: (after.nodesMs - before.nodesMs) * 1000,
    redisUs: (after.redisMs - before.redisMs) * 1000,
  };
}

/** Waits a little after the last, so that what a connection brings with it (presence, session, replay) is done. */
async function connectAll(cluster, name, count) {
  const [{ port }] = cluster.nodes;
  const auths = Array.from({ length: count }, (_, i) => cluster.authOf(`${name}-${i}`));
  const clients = [];
  await forEachOf(count, AT_ONCE, async (i) => {
    clients.push(await RawClient.connect(port, auths[i]));
  });
  await sleep(SETTLE_MS);
  return clients;
}

async function usage({ children, redis }) {
  return { nodesMs: cpuMsOf(children), redisMs: (await redis?.counters())?.cpuMs ?? 0 };
}
