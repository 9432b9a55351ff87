/**
 * Commands for Redis, printed beforehand and written in batches down a few connections, so that the driver costs next
 * to nothing and one core of Redis is what limits. Answers are not read, only counted by the ECHO that ends a batch.
 */
import { connect } from 'node:net';
import { once } from 'node:events';

const CONNECTIONS = 8;
/** As many commands as a busy node has under way. */
const BATCH = 16;
const MARK = 'end-of-batch';
const ERROR = /^-(\S.*)\r\n/m;

/** In Redis's protocol: https://redis.io/docs/latest/develop/reference/protocol-spec/ */
export function command(...parts) {
  const strings = parts.map((part) => `$${Buffer.byteLength(part)}\r\n${part}\r\n`);
  return `*${parts.length}\r\n${strings.join('')}`;
}

export const evalsha = ({ sha, keys, args }) => command('EVALSHA', sha, `${keys.length}`, ...keys, ...args);

/** Sends them all; resolves with the seconds that took. Rejects at the first error that Redis answers. */
export async function load(port, commands) {
  const batches = [];
  for (let i = 0; i < commands.length; i += BATCH) {
    batches.push(Buffer.from(commands.slice(i, i + BATCH).join('') + command('ECHO', MARK)));
  }
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: CONNECTIONS }, () => sendBatches(port, batches)));
  return (performance.now() - startedAt) / 1000;
}

/** Takes batches from the end of the list until none is left. */
async function sendBatches(port, batches) {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  await new Promise((resolve, reject) => {
    let answers = '';
    const next = () => {
      const batch = batches.pop();
      if (batch === undefined) resolve();
      else socket.write(batch);
    };
    socket.on('error', reject);
    socket.on('data', (bytes) => {
      answers += bytes.toString('latin1');
      if (!answers.endsWith(`${MARK}\r\n`)) return;
      const error = ERROR.exec(answers);
      if (error !== null) reject(new Error(`Redis answered: ${error[1]}`));
      answers = '';
      next();
    });
    next();
  });
  socket.destroy();
}

/** A subscriber that throws away what it hears, so that a publish has somebody to go to. */
export async function listen(port, subscribe, channels) {
  const socket = connect({ port, host: '127.0.0.1' });
  await once(socket, 'connect');
  for (const channel of channels) socket.write(command(subscribe, channel));
  await once(socket, 'data');
  socket.resume();
  return () => socket.destroy();
}
