/**
 * CPU per delivered message of all server processes (and of Redis apart), Beeline against bare Socket.IO, in
 * interleaved rounds of one run; ratios are what lasts. `npm run bench -- --rounds 5 --messages 10000`
 */
import { parseArgs } from 'node:util';
import jwt from 'jsonwebtoken';
import { cpuMs, freePort, start, startRedis, stop } from './lib/processes.mjs';
import { RawClient } from './lib/raw-client.mjs';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    messages: { type: 'string', default: '10000' },
    pairs: { type: 'string', default: '20' },
    window: { type: 'string', default: '5' },
  },
});
const ROUNDS = Number(values.rounds);
const MESSAGES = Number(values.messages);
const PAIRS = Number(values.pairs);
const WINDOW = Number(values.window);
const SECRET = 'a secret for benchmarks only, over 32 bytes';
const ACK_EVERY_MS = 200;

const TARGETS = [
  { name: 'bare Socket.IO, 1 node', open: openBare },
  { name: 'Beeline, 1 node', open: () => openBeeline(1) },
  { name: 'Beeline, 2 nodes, all across', open: () => openBeeline(2) },
  { name: 'Beeline, 4 nodes, all across', open: () => openBeeline(4) },
];

async function openBare() {
  const port = await freePort();
  const child = await start(process.execPath, ['bench/targets/bare-socketio.mjs'], {
    env: { PORT: `${port}` },
    readyText: 'listening',
  });
  return { nodes: [{ child, port }], redis: undefined, authFor: (user) => ({ user }) };
}

async function openBeeline(size) {
  const redis = await startRedis();
  const nodes = [];
  for (let i = 0; i < size; i += 1) {
    const port = await freePort();
    const env = {
      PORT: `${port}`,
      HOST: '127.0.0.1',
      REDIS_URL: redis.url,
      AUTH_SECRET: SECRET,
      NODE_ENV: 'production',
      SEND_RATE_PER_SECOND: '1000000',
      NEW_RECEIVERS_PER_HOUR: '1000000',
    };
    nodes.push({
      child: await start(process.execPath, ['dist/main.js'], { env, readyText: '"listening"' }),
      port,
    });
  }
  const authFor = (user) => ({
    token: jwt.sign({ sub: user }, SECRET, { expiresIn: 3600 }),
    deviceId: `${user}-bench`,
  });
  return { nodes, redis, authFor };
}

/** Connects the pairs, each receiver on the node after its sender's, and returns how to send a batch through them. */
async function connectPairs({ nodes, authFor, redis }) {
  const seen = new Set();
  let arrived = () => {};
  const pairs = [];
  for (let i = 0; i < PAIRS; i += 1) {
    const [from, to] = [`sender-${i}`, `receiver-${i}`];
    let latest;
    const receiver = await RawClient.connect(nodes[(i + 1) % nodes.length].port, authFor(to), (message) => {
      if (seen.has(message.clientId ?? message.id)) throw new Error('a message came twice');
      seen.add(message.clientId ?? message.id);
      latest = message.offset;
      arrived();
    });
    const acks = setInterval(() => {
      if (latest !== undefined && redis !== undefined)
        void receiver.request('inbox:ack', { channel: 'chat', offset: latest });
      latest = undefined;
    }, ACK_EVERY_MS);
    const sender = await RawClient.connect(nodes[i % nodes.length].port, authFor(from));
    pairs.push({ sender, to, close: () => (clearInterval(acks), sender.close(), receiver.close()) });
  }
  let next = 0;
  const sendBatch = async (count) => {
    const until = next + count;
    const target = seen.size + count;
    const allArrived = new Promise((resolve) => {
      arrived = () => seen.size === target && resolve();
    });
    const lane = async ({ sender, to }) => {
      while (next < until) {
        const clientId = `m-${next++}`;
        const answer = await sender.request('message:send', {
          to,
          body: { text: 'a message of some length' },
          clientId,
        });
        if (!answer.ok) throw new Error(JSON.stringify(answer));
      }
    };
    await Promise.all(pairs.flatMap((pair) => Array.from({ length: WINDOW }, () => lane(pair))));
    await allArrived;
  };
  return { sendBatch, close: () => pairs.forEach((pair) => pair.close()) };
}

const samples = new Map(TARGETS.map(({ name }) => [name, []]));
for (let round = 0; round <= ROUNDS; round += 1) {
  for (const { name, open } of TARGETS) {
    const target = await open();
    const { sendBatch, close } = await connectPairs(target);
    await sendBatch(MESSAGES); // warm: cold figures are more than twice too high
    const cpu = () => target.nodes.reduce((sum, { child }) => sum + cpuMs(child), 0);
    const redisCpu = () => (target.redis ? cpuMs(target.redis.child) : 0);
    const [nodesBefore, redisBefore, startedAt] = [cpu(), redisCpu(), performance.now()];
    await sendBatch(MESSAGES);
    const sample = {
      nodesUs: ((cpu() - nodesBefore) * 1000) / MESSAGES,
      redisUs: ((redisCpu() - redisBefore) * 1000) / MESSAGES,
      perSecond: (MESSAGES * 1000) / (performance.now() - startedAt),
    };
    if (round > 0) samples.get(name).push(sample);
    close();
    await Promise.all(target.nodes.map(({ child }) => stop(child)));
    if (target.redis) await stop(target.redis.child);
  }
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
const bare = samples.get(TARGETS[0].name);
console.table(
  TARGETS.map(({ name }) => {
    const rows = samples.get(name);
    const total = rows.map(({ nodesUs, redisUs }) => nodesUs + redisUs);
    return {
      target: name,
      'nodes, µs CPU per message': median(rows.map((row) => row.nodesUs)).toFixed(1),
      'Redis, µs': median(rows.map((row) => row.redisUs)).toFixed(1),
      'all ÷ bare (median of pairs)': median(total.map((sum, i) => sum / bare[i].nodesUs)).toFixed(2),
      'lowest – highest': `${Math.min(...total).toFixed(0)} – ${Math.max(...total).toFixed(0)}`,
      'messages per second': Math.round(median(rows.map((row) => row.perSecond))),
    };
  }),
);
