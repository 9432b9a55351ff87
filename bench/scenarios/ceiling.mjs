/** What one core of Redis carries: the scripts of the build and their publishes, without nodes. */
import slotOf from 'cluster-key-slot';
import { command, evalsha, listen, load } from '../lib/resp-load.mjs';
import { startCluster, startRedis } from '../lib/redis.mjs';
import { StoreCalls } from '../lib/store.mjs';

const USERS = 1_000;
/** Enough to fall on every master. */
const NODES = 24;
const MASTERS = 3;
/** Messages that a busy node appends in one turn, of which it makes one script. */
const GATHERED = 8;
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
  beeline: (messages) => onOneRedis((calls) => appends(calls, messages, 1, 'PUBLISH')),
  gathered: (messages) => onOneRedis((calls) => appends(calls, messages, GATHERED, 'PUBLISH')),
  'by-hand': (messages) => onOneRedis((calls) => byHand(calls, messages)),
  'by-hand-commands': (messages) => onOneRedis((calls) => byHandCommands(calls, messages)),
  sweep: (messages) => onOneRedis((calls) => perUser(messages, (user) => calls.sweep(user, nodeOf(user)))),
  register: (messages) =>
    onOneRedis((calls) => perUser(messages, (user) => calls.register(user, nodeOf(user)))),
  'three-masters': onThreeMasters,
};

/** A script's commands stay together; `slotKey` says on which master each belongs, `count` how many messages they carry. */
async function appends(calls, messages, count, publish) {
  const steps = [];
  for (let i = 0; i < messages; i += count) {
    const sent = Array.from({ length: count }, (_, k) => messageOf(i + k));
    const append = await calls.append(...sent);
    const publishes = sent.map(({ to }, k) => {
      const channel = calls.nodeChannel(nodeOf(to));
      return { slotKey: channel, text: command(publish, channel, calls.envelope(to, append.drafts[k])) };
    });
    steps.push({ count, commands: [{ slotKey: append.keys[0], text: evalsha(append) }, ...publishes] });
  }
  return steps;
}

async function byHand(calls, messages) {
  const sha = calls.shaOf(BY_HAND);
  return each(messages, async (i) => {
    const { inbox, presence, draft, channel, envelope } = await handMessage(calls, i);
    const text = evalsha({ sha, keys: [inbox, presence], args: [draft, channel, envelope] });
    return { count: 1, commands: [{ slotKey: inbox, text }] };
  });
}

async function byHandCommands(calls, messages) {
  return each(messages, async (i) => {
    const { inbox, presence, draft, channel, envelope } = await handMessage(calls, i);
    const texts = [
      command('XADD', inbox, 'MAXLEN', '10000', '*', 'm', draft),
      command('HGETALL', presence),
      command('PUBLISH', channel, envelope),
    ];
    return { count: 1, commands: texts.map((text) => ({ slotKey: inbox, text })) };
  });
}

const messageOf = (i) => ({ from: `user-${(i + 1) % USERS}`, to: userOf(i), clientId: `m-${i}` });

async function each(count, make) {
  const made = [];
  for (let i = 0; i < count; i += 1) made.push(await make(i));
  return made;
}

async function handMessage(calls, i) {
  const { to } = messageOf(i);
  const { keys, drafts } = await calls.append(messageOf(i));
  const [[inbox, , presence], [draft]] = [keys, drafts];
  return {
    inbox,
    presence,
    draft,
    channel: calls.nodeChannel(nodeOf(to)),
    envelope: calls.envelope(to, draft),
  };
}

function perUser(messages, callOf) {
  return Array.from({ length: messages }, (_, i) => {
    const call = callOf(userOf(i));
    return { count: 1, commands: [{ slotKey: call.keys[0], text: evalsha(call) }] };
  });
}

async function onOneRedis(makeSteps) {
  const redis = await startRedis();
  try {
    return await carry([redis], makeSteps, 'SUBSCRIBE');
  } finally {
    await redis.stop();
  }
}

async function onThreeMasters(messages) {
  const { servers, stop } = await startCluster(MASTERS);
  try {
    return await carry(servers, (calls) => appends(calls, messages, 1, 'SPUBLISH'), 'SSUBSCRIBE');
  } finally {
    await stop();
  }
}

/** Users registered, nodes listening, half of the steps to warm up, the other half measured. */
async function carry(servers, makeSteps, subscribe) {
  const calls = new StoreCalls();
  const masterOf = (key) => Math.floor((slotOf(key) * servers.length) / SLOTS);
  const sendAll = (steps) => {
    const byMaster = servers.map(() => []);
    for (const { slotKey, text } of steps.flatMap(({ commands }) => commands))
      byMaster[masterOf(slotKey)].push(text);
    return Promise.all(servers.map(({ port }, i) => load(port, byMaster[i])));
  };
  const channels = Array.from({ length: NODES }, (_, i) => calls.nodeChannel(`bench-node-${i}`));
  const registrations = perUser(USERS, (user) => calls.register(user, nodeOf(user)));
  const steps = await makeSteps(calls);
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
  const [warmUp, measured] = [steps.slice(0, steps.length / 2), steps.slice(steps.length / 2)];
  const messages = measured.reduce((sum, { count }) => sum + count, 0);
  await sendAll(warmUp);
  const cpuOf = () => Promise.all(servers.map(async ({ counters }) => (await counters()).cpuMs));
  const before = await cpuOf();
  const seconds = Math.max(...(await sendAll(measured)));
  const after = await cpuOf();
  for (const end of ends) end();
  const used = after.map((ms, i) => ms - before[i]);
  const redisUs = (used.reduce((sum, ms) => sum + ms, 0) * 1000) / messages;
  return {
    redisUs,
    perCoreSecond: 1e6 / redisUs,
    perSecond: messages / seconds,
    busiestMaster: (Math.max(...used) * servers.length) / used.reduce((sum, ms) => sum + ms, 0),
  };
}
