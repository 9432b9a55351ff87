/** What one core of Redis carries: the scripts of the build and their publishes, without nodes. */
import slotOf from 'cluster-key-slot';
import { command, evalsha, listen, load } from '../lib/resp-load.mjs';
import { startCluster, startRedis } from '../lib/redis.mjs';
import { StoreCalls } from '../lib/store.mjs';

const USERS = 1_000;
/** Enough to fall on every master. */
const NODES = 24;
const MASTERS = 3;
const SLOTS = 16_384;

/** The least that stores, finds the receiver's node and tells it: three calls, nothing checked, nothing promised. */
const BY_HAND = `
redis.call('XADD', KEYS[1], 'MAXLEN', 10000, '*', 'm', ARGV[1])
local routes = redis.call('HGETALL', KEYS[2])
redis.call('PUBLISH', ARGV[2], ARGV[3])
return routes`;

const nodeOf = (user) => `bench-node-${Number(user.slice(5)) % NODES}`;
const userOf = (i) => `user-${i % USERS}`;

export const ceilingCase = (kind, { messages }) => ({
  scenario: 'ceiling',
  target: kind,
  nodes: kind === 'three-masters' ? MASTERS : 1,
  settings: { messages },
  measure: () => MEASURES[kind](messages),
});

const MEASURES = {
  beeline: (messages) => onOneRedis((calls) => appends(calls, messages, 'PUBLISH')),
  'by-hand': (messages) => onOneRedis((calls) => byHand(calls, messages)),
  'by-hand-commands': (messages) => onOneRedis((calls) => byHandCommands(calls, messages)),
  sweep: (messages) => onOneRedis((calls) => perUser(messages, (user) => calls.sweep(user, nodeOf(user)))),
  register: (messages) =>
    onOneRedis((calls) => perUser(messages, (user) => calls.register(user, nodeOf(user)))),
  'three-masters': onThreeMasters,
};

/** A message's commands stay together; `slotKey` says on which master each belongs. */
function appends(calls, messages, publish) {
  return Array.from({ length: messages }, (_, i) => {
    const to = userOf(i);
    const append = calls.append({ from: `user-${(i + 1) % USERS}`, to, clientId: `m-${i}` });
    const channel = calls.nodeChannel(nodeOf(to));
    return [
      { slotKey: append.keys[0], text: evalsha(append) },
      { slotKey: channel, text: command(publish, channel, calls.envelope(to, append.args[2])) },
    ];
  });
}

function byHand(calls, messages) {
  const sha = calls.shaOf(BY_HAND);
  return Array.from({ length: messages }, (_, i) => {
    const { inbox, presence, draft, channel, envelope } = handMessage(calls, i);
    const text = evalsha({ sha, keys: [inbox, presence], args: [draft, channel, envelope] });
    return [{ slotKey: inbox, text }];
  });
}

function byHandCommands(calls, messages) {
  return Array.from({ length: messages }, (_, i) => {
    const { inbox, presence, draft, channel, envelope } = handMessage(calls, i);
    return [
      command('XADD', inbox, 'MAXLEN', '10000', '*', 'm', draft),
      command('HGETALL', presence),
      command('PUBLISH', channel, envelope),
    ].map((text) => ({ slotKey: inbox, text }));
  });
}

function handMessage(calls, i) {
  const to = userOf(i);
  const { keys, args } = calls.append({ from: `user-${(i + 1) % USERS}`, to, clientId: `m-${i}` });
  const [inbox, , presence] = keys;
  return {
    inbox,
    presence,
    draft: args[2],
    channel: calls.nodeChannel(nodeOf(to)),
    envelope: calls.envelope(to, args[2]),
  };
}

function perUser(messages, callOf) {
  return Array.from({ length: messages }, (_, i) => {
    const call = callOf(userOf(i));
    return [{ slotKey: call.keys[0], text: evalsha(call) }];
  });
}

async function onOneRedis(makeMessages) {
  const redis = await startRedis();
  try {
    return await carry([redis], makeMessages, 'SUBSCRIBE');
  } finally {
    await redis.stop();
  }
}

async function onThreeMasters(messages) {
  const { servers, stop } = await startCluster(MASTERS);
  try {
    return await carry(servers, (calls) => appends(calls, messages, 'SPUBLISH'), 'SSUBSCRIBE');
  } finally {
    await stop();
  }
}

/** Users registered, nodes listening, half of the messages to warm up, the other half measured. */
async function carry(servers, makeMessages, subscribe) {
  const calls = new StoreCalls();
  const masterOf = (key) => Math.floor((slotOf(key) * servers.length) / SLOTS);
  const sendAll = (messages) => {
    const byMaster = servers.map(() => []);
    for (const { slotKey, text } of messages.flat()) byMaster[masterOf(slotKey)].push(text);
    return Promise.all(servers.map(({ port }, i) => load(port, byMaster[i])));
  };
  const channels = Array.from({ length: NODES }, (_, i) => calls.nodeChannel(`bench-node-${i}`));
  const registrations = perUser(USERS, (user) => calls.register(user, nodeOf(user)));
  const messages = makeMessages(calls);
  const ends = await Promise.all(
    servers.map(({ port }, i) =>
      listen(
        port,
        subscribe,
        channels.filter((channel) => masterOf(channel) === i),
      ),
    ),
  );
  await Promise.all(
    servers.flatMap(({ client }) => calls.texts.map((lua) => client.call('SCRIPT', 'LOAD', lua))),
  );
  await sendAll(registrations);
  const half = messages.length / 2;
  await sendAll(messages.slice(0, half));
  const cpuOf = () => Promise.all(servers.map(async ({ counters }) => (await counters()).cpuMs));
  const before = await cpuOf();
  const seconds = Math.max(...(await sendAll(messages.slice(half))));
  const after = await cpuOf();
  for (const end of ends) end();
  const used = after.map((ms, i) => ms - before[i]);
  const redisUs = (used.reduce((sum, ms) => sum + ms, 0) * 1000) / half;
  return {
    redisUs,
    perCoreSecond: 1e6 / redisUs,
    perSecond: half / seconds,
    busiestMaster: (Math.max(...used) * servers.length) / used.reduce((sum, ms) => sum + ms, 0),
  };
}
