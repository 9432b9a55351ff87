/** A private redis-server (or three, as a Cluster), and what it says of itself. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { freePort, start, stop } from './processes.mjs';
import { sleep, waitUntil } from './time.mjs';

const SLOTS = 16_384;

export async function startRedis(...options) {
  const port = await freePort();
  const args = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', ...options];
  const child = await start('redis-server', args, { readyText: 'Ready to accept connections' });
  const client = new Redis(port, '127.0.0.1');
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    client,
    counters: async () => countersOf(await client.info('cpu', 'stats', 'commandstats', 'memory')),
    stop: async () => {
      client.disconnect();
      await stop(child);
    },
  };
}

/** Masters that share the slots evenly. */
export async function startCluster(masters) {
  const directory = mkdtempSync(join(tmpdir(), 'beeline-bench-'));
  const servers = [];
  for (let i = 0; i < masters; i += 1) {
    const files = ['--dir', directory, '--cluster-config-file', `${i}.conf`];
    servers.push(await startRedis('--cluster-enabled', 'yes', ...files));
  }
  for (const [i, { client, port }] of servers.entries()) {
    const first = Math.floor((i * SLOTS) / masters);
    const last = Math.floor(((i + 1) * SLOTS) / masters) - 1;
    await client.cluster('ADDSLOTSRANGE', first, last);
    await client.call('CLUSTER', 'SET-CONFIG-EPOCH', i + 1);
    await servers[0].client.cluster('MEET', '127.0.0.1', port);
  }
  await waitUntil('every master sees the whole cluster', async () => {
    const infos = await Promise.all(servers.map(({ client }) => client.cluster('INFO')));
    return infos.every(
      (info) => info.includes('cluster_state:ok') && info.includes(`known_nodes:${masters}`),
    );
  });
  const stopAll = async () => {
    await Promise.all(servers.map((server) => server.stop()));
    rmSync(directory, { recursive: true });
  };
  return { servers, stop: stopAll };
}

/** Waits until Redis holds still: what expires or is unlinked is freed in the background. */
export async function usedMemory({ client }) {
  await sleep(300);
  return Number(/^used_memory:(\d+)/m.exec(await client.info('memory'))[1]);
}

function countersOf(info) {
  const number = (name) => Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(info)?.[1] ?? 0);
  const calls = (...commands) =>
    commands.reduce(
      (sum, name) => sum + Number(new RegExp(`^cmdstat_${name}:calls=(\\d+)`, 'm').exec(info)?.[1] ?? 0),
      0,
    );
  return {
    cpuMs: (number('used_cpu_user') + number('used_cpu_sys')) * 1000,
    bytesOut: number('total_net_output_bytes'),
    /** Those inside scripts too. */
    commands: number('total_commands_processed'),
    scripts: calls('evalsha', 'eval'),
    publishes: calls('publish', 'spublish'),
  };
}

/** What was counted between two looks, per message. */
export function perMessage(before, after, messages) {
  const each = (name) => (after[name] - before[name]) / messages;
  return {
    redisUs: each('cpuMs') * 1000,
    redisBytesOut: each('bytesOut'),
    redisCommands: each('commands'),
    redisScripts: each('scripts'),
    redisPublishes: each('publishes'),
  };
}
