/** Everybody is back at once: inboxes replayed to many devices; and the same messages pulled over REST. */
import { cpuMsOf, peakRssOf } from '../lib/processes.mjs';
import { RawClient } from '../lib/raw-client.mjs';
import { RestClient } from '../lib/rest.mjs';
import { fillInboxes } from '../lib/seed.mjs';
import { forEachOf } from '../lib/time.mjs';
import { openCluster, tokenOf } from '../targets/catalogue.mjs';

/** As many as a user may have connected. */
const DEVICES_PER_USER = 10;
const ACK_EVERY_MS = 200;
const PULLS_AT_ONCE = 50;
const PAGE = 200;

export const catchUpCase = ({ messages, devices }) => ({
  scenario: 'catch-up',
  target: 'beeline',
  nodes: 1,
  settings: { messages, devices },
  measure: () => measureCatchUp(messages, devices),
});

async function measureCatchUp(messages, devices) {
  const cluster = await openCluster('beeline', 1);
  const [node] = cluster.nodes;
  try {
    const users = Array.from({ length: Math.ceil(devices / DEVICES_PER_USER) }, (_, i) => `user-${i}`);
    await fillInboxes(cluster.redis, users, messages);
    const userOf = (i) => users[i % users.length];
    const replay = await costOf(cluster, messages * devices, () =>
      Promise.all(
        Array.from({ length: devices }, (_, i) =>
          replayTo(node, tokenOf(userOf(i), `device-${i}`), messages),
        ),
      ),
    );
    const peakRssBytes = peakRssOf(node.child);
    const pull = await costOf(cluster, messages * devices, () =>
      forEachOf(devices, PULLS_AT_ONCE, (i) => pullAll(node, userOf(i), messages)),
    );
    return {
      replaySeconds: replay.seconds,
      replayPerSecond: replay.perSecond,
      replayNodesUs: replay.nodesUs,
      replayRedisUs: replay.redisUs,
      peakRssMiB: peakRssBytes / 2 ** 20,
      pullPerSecond: pull.perSecond,
      pullNodesUs: pull.nodesUs,
      pullRedisUs: pull.redisUs,
    };
  } finally {
    await cluster.stop();
  }
}

async function costOf({ children, redis }, messages, work) {
  const [nodesBefore, redisBefore, startedAt] = [
    cpuMsOf(children),
    await redis.counters(),
    performance.now(),
  ];
  await work();
  const seconds = (performance.now() - startedAt) / 1000;
  const redisAfter = await redis.counters();
  return {
    seconds,
    perSecond: messages / seconds,
    nodesUs: ((cpuMsOf(children) - nodesBefore) * 1000) / messages,
    redisUs: ((redisAfter.cpuMs - redisBefore.cpuMs) * 1000) / messages,
  };
}

/** Resolves once the device has every message, each once and in order. */
async function replayTo({ port }, auth, messages) {
  let client;
  let timer;
  await new Promise((resolve, reject) => {
    const inOrder = orderCheck();
    let count = 0;
    let latest;
    timer = setInterval(() => {
      if (latest === undefined) return;
      client?.request('inbox:ack', { channel: 'chat', offset: latest }).catch(reject);
      latest = undefined;
    }, ACK_EVERY_MS);
    const onEvent = (event, payload) => {
      if (event === 'message') {
        inOrder(payload);
        count += 1;
        latest = payload.offset;
      } else if (event === 'inbox:synced' && payload.channel === 'chat') {
        if (count === messages && payload.count === messages) resolve();
        else reject(new Error(`${count} of ${messages} messages were replayed`));
      }
    };
    RawClient.connect(port, auth, onEvent).then((connected) => (client = connected), reject);
  });
  clearInterval(timer);
  client.close();
}

async function pullAll(node, user, messages) {
  const rest = new RestClient(node, user);
  const inOrder = orderCheck();
  let page = { next: '0-0', more: true };
  let count = 0;
  while (page.more) {
    page = await rest.get(`/inbox/chat?after=${page.next}&limit=${PAGE}`);
    page.messages.forEach(inOrder);
    count += page.messages.length;
  }
  if (count !== messages) throw new Error(`${count} of ${messages} messages were pulled`);
}

/** Takes messages one by one; throws at one that does not come after the one before. */
function orderCheck() {
  let last = [0, 0];
  return ({ offset }) => {
    const [ms, n] = offset.split('-').map(Number);
    if (ms < last[0] || (ms === last[0] && n <= last[1]))
      throw new Error(`${offset} came after ${last.join('-')}`);
    last = [ms, n];
  };
}
