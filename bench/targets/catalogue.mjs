/**
 * What is measured. All speak the same: `message:send` with an acknowledgement, `message` to the receiver. Of all of
 * them only Beeline stores in order, answers for what is offline and checks who is there; the naive store only stores.
 */
import jwt from 'jsonwebtoken';
import { compile } from '../lib/compile.mjs';
import { freePort, startNode, stop } from '../lib/processes.mjs';
import { startRedis } from '../lib/redis.mjs';

const SECRET = 'a secret for benchmarks only, over 32 bytes';
const STARTED_AT_ONCE = 4;

export const TARGETS = {
  bare: { title: 'Socket.IO alone', script: 'targets/socketio.ts', env: {}, onOneNodeOnly: true },
  classic: { title: 'redis-adapter', script: 'targets/socketio.ts', env: { ADAPTER: 'classic' } },
  sharded: { title: 'redis-adapter, sharded', script: 'targets/socketio.ts', env: { ADAPTER: 'sharded' } },
  streams: { title: 'redis-streams-adapter', script: 'targets/socketio.ts', env: { ADAPTER: 'streams' } },
  naive: {
    title: 'redis-adapter and a naive store',
    script: 'targets/socketio.ts',
    env: { ADAPTER: 'classic', STORE: 'naive' },
  },
  'nest-classic': {
    title: 'Nest gateway, redis-adapter',
    script: 'targets/nest-gateway.ts',
    env: { ADAPTER: 'classic' },
  },
  'nest-sharded': {
    title: 'Nest gateway, redis-adapter, sharded',
    script: 'targets/nest-gateway.ts',
    env: { ADAPTER: 'sharded' },
  },
  beeline: { title: 'Beeline', script: 'dist/main.js', env: beelineEnv(), isBeeline: true },
  'beeline-ack-each': {
    title: 'Beeline, one ack per message',
    script: 'dist/main.js',
    env: beelineEnv(),
    isBeeline: true,
    acksEach: true,
  },
};

/** Every limit stays on; those on a person's rate are raised to where a benchmark's senders do not meet them. */
function beelineEnv() {
  return {
    HOST: '127.0.0.1',
    AUTH_SECRET: SECRET,
    LOCAL_ACCOUNTS: 'off',
    SEND_RATE_PER_SECOND: '1000000',
    NEW_RECEIVERS_PER_HOUR: '1000000',
    SEND_BYTES_PER_DAY: '1000000000000',
  };
}

let compiled;

/** Starts the nodes of a target, and a redis-server where it uses one. */
export async function openCluster(name, size, { nodeArgs = [], stopSignal = 'SIGKILL' } = {}) {
  const { script, env, isBeeline = false, acksEach = false, onOneNodeOnly = false } = TARGETS[name];
  if (onOneNodeOnly && size > 1) throw new Error(`${name} can only be one node`);
  compiled ??= compile();
  const redis = onOneNodeOnly ? undefined : await startRedis();
  const nodes = [];
  const startOne = async () => {
    const port = await freePort();
    const child = await startNode(isBeeline ? script : compiled(script), {
      env: { ...env, PORT: `${port}`, ...(redis && { REDIS_URL: redis.url }) },
      readyText: 'listening',
      nodeArgs,
    });
    return { child, port };
  };
  while (nodes.length < size) {
    const batch = Math.min(STARTED_AT_ONCE, size - nodes.length);
    nodes.push(...(await Promise.all(Array.from({ length: batch }, startOne))));
  }
  return {
    nodes,
    children: nodes.map(({ child }) => child),
    redis,
    isBeeline,
    acksEach,
    authOf: isBeeline ? tokenOf : (user) => ({ user }),
    stop: async () => {
      await Promise.all(nodes.map(({ child }) => stop(child, stopSignal)));
      await redis?.stop();
    },
  };
}

export function tokenOf(user, deviceId = `${user}-device`) {
  return { token: jwt.sign({ sub: user }, SECRET, { expiresIn: 3600 }), deviceId };
}
