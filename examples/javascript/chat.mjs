/**
 * A chat in the terminal: the pattern for a JavaScript client.
 *
 *     PASSWORD='correct horse' node examples/javascript/chat.mjs alice bob [http://localhost:3000]
 *
 * Registers alice if need be, prints what is written to her, and sends each line of standard input to bob.
 */
import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { io } from 'socket.io-client';

const [me, peer, url = 'http://localhost:3000'] = process.argv.slice(2);
const password = process.env.PASSWORD;
if (!peer || !password) quit('usage: PASSWORD=… node chat.mjs <me> <peer> [url]');

const credentials = { username: me, password };
let tokens, refreshAt, refreshTimer;
await post('/auth/login', credentials)
  .catch(() => post('/auth/register', credentials))
  .then(keep, (error) => quit(error.message));

const socket = io(url, {
  transports: ['websocket'],
  // A function: it is asked again at every reconnect, so the token is never an old one.
  auth: async (answer) => answer({ token: await accessToken(), deviceId: `${me}-terminal` }),
});

// Handlers stand outside `connect`: inside it, every reconnect would add them once more.
socket.on('session', ({ nodeId, channels }) => {
  console.log(`* node ${nodeId}, ${channels.chat.unread} unread`);
  refreshInTime();
});
socket.on('disconnect', (reason) => console.log(`* disconnected: ${reason}`));
socket.on('session:end', ({ reason, reconnect }) => {
  // Asleep past its token's end: the next connection brings a fresh one.
  if (reason === 'token_expired') socket.once('disconnect', () => socket.connect());
  else if (!reconnect) quit(`* ended: ${reason}`);
});
socket.on('connect_error', ({ message, data }) => {
  if (socket.active) return; // the network, or a node that is going: the client tries again by itself
  if (!data?.retryable) quit(`* refused: ${message}`);
  setTimeout(() => socket.connect(), data.retryAfterMs ?? 1000); // refused for now: that is ours to try again
});

// At least once: what was not acked before a connection broke comes again. The id tells.
const seen = new Set();
socket.on('message', (message) => {
  if (!seen.has(message.id)) show(message);
  seen.add(message.id);
  if (seen.size > 10_000) seen.delete(seen.values().next().value);
  void ack(message);
});

/** A body is any JSON: what is no text is shown as it is, so that nothing here fails before the ack. */
function show({ from, body }) {
  const text = body?.text;
  console.log(`${from}: ${typeof text === 'string' ? text : JSON.stringify(body)}`);
}

// Acks are cumulative: one is under way per channel, and the next covers all that came meanwhile.
const reached = new Map();
const acking = new Set();
async function ack({ channel, offset }) {
  reached.set(channel, offset);
  if (acking.has(channel)) return;
  acking.add(channel);
  for (let acked; acked !== reached.get(channel) && socket.connected;) {
    acked = reached.get(channel);
    await request('inbox:ack', { channel, offset: acked });
  }
  acking.delete(channel);
}

/** The answer to an event; undefined where none came in time. */
function request(event, payload) {
  return socket
    .timeout(5000)
    .emitWithAck(event, payload)
    .catch(() => undefined);
}

// The same clientId at every try: a message whose answer was lost is stored once.
for await (const text of createInterface({ input: process.stdin })) {
  const message = { to: peer, body: { text }, clientId: randomUUID() };
  let answer = await request('message:send', message);
  while (!answer?.ok && answer?.error.retryable !== false) {
    await delay(1000);
    answer = await request('message:send', message);
  }
  console.log(answer.ok ? `* stored at ${answer.offset}` : `* not sent: ${answer.error.message}`);
}
clearTimeout(refreshTimer);
socket.disconnect();

// A connection ends with its token: half-way there it is handed a fresh one.
function refreshInTime() {
  clearTimeout(refreshTimer);
  refreshTimer = setTimeout(
    async () => {
      if (!socket.connected) return; // the next session begins anew
      await request('auth:refresh', { token: await accessToken() });
      refreshInTime();
    },
    Math.max(0, refreshAt - Date.now()),
  );
}

async function accessToken() {
  // Where that fails the old one has to do: the server says what is wrong with it.
  if (Date.now() >= refreshAt) await post('/auth/refresh', tokens).then(keep, () => {});
  return tokens.accessToken;
}

function keep(pair) {
  tokens = pair;
  refreshAt = Date.now() + (pair.expiresIn * 1000) / 2;
}

async function post(path, body) {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) });
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.detail);
  return answer;
}

function quit(line) {
  console.error(line);
  process.exit(1);
}
