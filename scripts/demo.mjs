/**
 * `npm run demo`: three nodes on one real Redis, two scripted users, a node killed; then it stays up for the
 * browser. `-- --port 4001` takes three other ports, `-- --once` ends after the story.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from './lib/build.mjs';
import {
  endAllChildren,
  endChild,
  freePort,
  hasEnded,
  isPortFree,
  onEnd,
  startChild,
} from './lib/children.mjs';
import { ensurePackages, ensureProgram, fail, requireNode } from './lib/setup.mjs';

const { values } = parseArgs({
  options: { port: { type: 'string', default: '3001' }, once: { type: 'boolean', default: false } },
});
const FIRST_PORT = Number(values.port);
const PORTS = [FIRST_PORT, FIRST_PORT + 1, FIRST_PORT + 2];
/** Short, so that a killed node is seen to be gone while one watches. */
const TIMES = { NODE_LEASE_MS: '3000', SWEEP_INTERVAL_MS: '3000' };
const secret = randomBytes(32).toString('base64');
const logs = mkdtempSync(join(tmpdir(), 'beeline-demo-'));

requireNode();
ensurePackages();
ensureProgram('redis-server', 'redis-server');
build();
const { io } = await import('socket.io-client');

let ending;
const end = (code) => {
  ending ??= endAllChildren().then(() => process.exit(code));
  return ending;
};
onEnd(() => void end(0));

try {
  await main();
} catch (error) {
  console.error(`\n${error.message}\nThe logs are in ${logs}`);
  await end(1);
}

async function main() {
  for (const port of PORTS)
    if (!(await isPortFree(port))) fail(`Port ${port} is taken: try npm run demo -- --port 4001`);
  const redisUrl = await startRedis();
  const nodes = PORTS.map((port, i) => startNode(`node-${i + 1}`, port, redisUrl));
  await Promise.all(nodes.map(ready));
  say(`Three nodes on one Redis: ${nodes.map(({ name, url }) => `${name} ${url}`).join(', ')}`);

  await tellStory(nodes, redisUrl);

  if (values.once) return end(0);
  say('');
  say('Now you: open two windows and talk across nodes.');
  say(`    ${nodes[0].url}    ${nodes[1].url}`);
  say(`Each window shows the node it is on. Logs: ${logs}. Ctrl-C ends everything.`);
}

async function tellStory(nodes, redisUrl) {
  const [first, second, third] = nodes;
  const run = randomBytes(2).toString('hex');
  const [adaId, bobId] = [`ada-${run}`, `bob-${run}`];
  const tokens = { ada: await register(first, adaId), bob: await register(second, bobId) };
  const ada = await connect(first, tokens.ada, 'ada-laptop');
  let bob = await connect(second, tokens.bob, 'bob-phone');

  say('');
  say('1. Across nodes');
  let startedAt = performance.now();
  let sent = await send(ada, bobId, 'Hello Bob, are you there?');
  await bob.sees(sent.id);
  say(`   Ada on ${ada.node} → Bob on ${bob.node}: arrived ${elapsed(startedAt)} after it was sent.`);

  say('2. To somebody offline');
  bob.close();
  await until(async () => !(await isOnline(ada, bobId)));
  sent = await send(ada, bobId, 'You left? It waits for you.');
  say(`   Bob is gone. Ada's message is stored, at offset ${sent.offset} of his inbox.`);
  bob = await connect(third, tokens.bob, 'bob-phone');
  await bob.sees(sent.id);
  say(`   Bob comes back on ${bob.node}: it was replayed to him.`);

  say('3. A node is killed with the receiver on it');
  third.child.kill('SIGKILL');
  await until(() => hasEnded(third.child));
  startedAt = performance.now();
  sent = await send(ada, bobId, 'Your node is dead, but your inbox is not.');
  say(`   ${bob.node} is dead (SIGKILL). Ada's message is acknowledged all the same: it is stored.`);
  bob.close();
  bob = await connect(second, tokens.bob, 'bob-phone');
  await bob.sees(sent.id);
  say(
    `   Bob's client reconnects, to ${bob.node}: the message is there, ${elapsed(startedAt)} after it was sent.`,
  );

  ada.close();
  bob.close();
  await endChild(third.child);
  Object.assign(third, startNode(third.name, PORTS[2], redisUrl));
  await ready(third);
  say(`   ${third.name} is started again, as a new node with a new id.`);
}

async function startRedis() {
  const port = await freePort();
  const args = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--dir', logs];
  startChild('redis-server', args, { logFile: join(logs, 'redis.log') });
  return `redis://127.0.0.1:${port}`;
}

function startNode(name, port, redisUrl) {
  const env = { ...TIMES, PORT: `${port}`, NODE_NAME: name, REDIS_URL: redisUrl, AUTH_SECRET: secret };
  const child = startChild(process.execPath, ['dist/main.js'], { env, logFile: join(logs, `${name}.log`) });
  return { name, child, url: `http://localhost:${port}` };
}

async function ready({ name, url, child }) {
  await until(async () => {
    if (hasEnded(child)) throw new Error(`${name} did not start`);
    const answer = await fetch(`${url}/readyz`).catch(() => undefined);
    return answer?.ok === true;
  });
}

async function register({ url }, username) {
  const response = await fetch(`${url}/auth/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username, password: randomBytes(12).toString('base64') }),
  });
  return (await response.json()).accessToken;
}

/** A user's device on a node, once everything that waited for it has come. */
async function connect({ url }, token, deviceId) {
  const seen = new Set();
  const socket = io(url, {
    transports: ['websocket'],
    auth: { token, deviceId },
    forceNew: true,
    reconnection: false,
  });
  socket.on('message', ({ id, channel, offset }) => {
    seen.add(id);
    socket.emit('inbox:ack', { channel, offset });
  });
  const session = await new Promise((resolve, reject) => {
    socket.once('session', resolve);
    socket.once('connect_error', reject);
  });
  return {
    socket,
    node: session.nodeId,
    sees: (id) => until(() => seen.has(id)),
    close: () => socket.disconnect(),
  };
}

async function send({ socket }, to, text) {
  const answer = await socket.timeout(5000).emitWithAck('message:send', {
    to,
    body: { text },
    clientId: randomBytes(9).toString('base64url'),
  });
  if (!answer.ok) throw new Error(answer.error.message);
  return answer;
}

async function isOnline({ socket }, user) {
  const answer = await socket.timeout(5000).emitWithAck('presence:get', { users: [user] });
  return answer.presence[user].online;
}

async function until(condition, patienceMs = 20_000) {
  const deadline = performance.now() + patienceMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error('The demo waited in vain.');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function elapsed(startedAt) {
  return `${Math.round(performance.now() - startedAt)} ms`;
}

function say(line) {
  console.log(line);
}
