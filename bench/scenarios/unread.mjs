/**
 * Whether connecting costs more with many unread. The device has stored them all (its delivered cursor stands at the
 * end), so there is nothing to replay: what differs is only that `session` tells how many the user has not read.
 */
import { cpuMsOf } from '../lib/processes.mjs';
import { RawClient } from '../lib/raw-client.mjs';
import { RestClient } from '../lib/rest.mjs';
import { fillInboxes } from '../lib/seed.mjs';
import { median } from '../lib/statistics.mjs';
import { forEachOf, sleep } from '../lib/time.mjs';
import { openCluster, tokenOf } from '../targets/catalogue.mjs';

const USERS = 20;
const AT_ONCE = 5;
/** The two kinds of users take turns this often within a round. */
const TURNS = 4;

export const unreadCase = ({ unread, connects }) => ({
  scenario: 'unread',
  target: 'beeline',
  nodes: 1,
  settings: { unread, connects },
  measure: () => measureUnread(unread, connects),
});

async function measureUnread(unread, connects) {
  const cluster = await openCluster('beeline', 1);
  try {
    const usersOf = (kind) => Array.from({ length: USERS }, (_, i) => `${kind}-${i}`);
    const [many, none] = [usersOf('many'), usersOf('none')];
    await fillInboxes(cluster.redis, many, unread);
    await fillInboxes(cluster.redis, none, 1);
    for (const user of [...many, ...none]) await storeAll(cluster, user);
    for (const user of none) await readAll(cluster, user);
    await connectEach(cluster, many, connects, unread);
    await connectEach(cluster, none, connects, 0);
    const sums = { many: [], none: [] };
    for (let turn = 0; turn < TURNS; turn += 1) {
      sums.many.push(await connectEach(cluster, many, connects / TURNS, unread));
      sums.none.push(await connectEach(cluster, none, connects / TURNS, 0));
    }
    const of = (kind, name) => median(sums[kind].map((sum) => sum[name]));
    return {
      manyUs: of('many', 'cpuUs'),
      noneUs: of('none', 'cpuUs'),
      manyRedisUs: of('many', 'redisUs'),
      noneRedisUs: of('none', 'redisUs'),
      manyMs: of('many', 'sessionMs'),
      noneMs: of('none', 'sessionMs'),
    };
  } finally {
    await cluster.stop();
  }
}

async function storeAll({ nodes }, user) {
  const rest = new RestClient(nodes[0], user);
  const { channels } = await rest.get('/inbox');
  await rest.post('/inbox/chat/ack', { offset: channels.chat.last, deviceId: tokenOf(user).deviceId });
}

async function readAll({ nodes }, user) {
  const rest = new RestClient(nodes[0], user);
  const { channels } = await rest.get('/inbox');
  await rest.post('/inbox/chat/read', { offset: channels.chat.last });
}

/** Connects and leaves again, and checks what `session` says. CPU of nodes and Redis per connection. */
async function connectEach({ nodes, children, redis }, users, connects, unread) {
  const [{ port }] = nodes;
  const auths = users.map((user) => tokenOf(user));
  const sessionMs = [];
  const usage = async () => ({ nodesMs: cpuMsOf(children), redisMs: (await redis.counters()).cpuMs });
  const before = await usage();
  await forEachOf(connects, AT_ONCE, async (i) => {
    const startedAt = performance.now();
    const session = await sessionOf(port, auths[i % auths.length]);
    sessionMs.push(performance.now() - startedAt);
    if (session.channels.chat.unread !== unread) throw new Error(`unread is ${session.channels.chat.unread}`);
  });
  await sleep(200);
  const after = await usage();
  const redisUs = ((after.redisMs - before.redisMs) * 1000) / connects;
  const nodesUs = ((after.nodesMs - before.nodesMs) * 1000) / connects;
  return { cpuUs: nodesUs + redisUs, redisUs, sessionMs: median(sessionMs) };
}

/** Resolves once every channel is in step. */
async function sessionOf(port, auth) {
  let session;
  let client;
  await new Promise((resolve, reject) => {
    let synced = 0;
    const onEvent = (event, payload) => {
      if (event === 'session') session = payload;
      if (event === 'message') reject(new Error('nothing was to be replayed'));
      if (event === 'inbox:synced') synced += 1;
      if (session !== undefined && synced === Object.keys(session.channels).length) resolve();
    };
    RawClient.connect(port, auth, onEvent).then((connected) => (client = connected), reject);
  });
  client.close();
  return session;
}
