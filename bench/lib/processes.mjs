/** Real processes: started, ended by their id, and measured. Linux only, for CPU is read from /proc. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

const CLOCK_TICKS_PER_SECOND = 100;
const PROBE = fileURLToPath(new URL('probe.cjs', import.meta.url));
const living = new Set();

process.on('exit', () => living.forEach((child) => child.kill('SIGKILL')));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1));

/** A child process that is ready once its output contains `readyText`. */
export function start(command, args, { env = {}, readyText }) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      env: { ...process.env, NODE_ENV: 'production', ...env },
      stdio: ['ignore', 'pipe', 'inherit', ...(command === process.execPath ? ['ipc'] : [])],
    });
    living.add(child);
    let output = '';
    child.once('error', reject);
    child.once('exit', (code) => {
      living.delete(child);
      reject(new Error(`${command} ${args[0]} ended with ${code}\n${output}`));
    });
    child.stdout.on('data', (chunk) => {
      if (output === undefined) return;
      output += chunk;
      if (!output.includes(readyText)) return;
      output = undefined;
      resolve(child);
    });
  });
}

/** A node of Node.js that can be asked for its memory and its profile. */
export function startNode(script, { env, readyText, nodeArgs = [] }) {
  return start(process.execPath, ['--expose-gc', '--require', PROBE, ...nodeArgs, script], {
    env,
    readyText,
  });
}

export async function stop(child, signal = 'SIGKILL') {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
}

/** User and system CPU that a process has used so far, in ms, of all its threads. */
export function cpuMs(child) {
  const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / CLOCK_TICKS_PER_SECOND;
}

export const cpuMsOf = (children) => children.reduce((sum, child) => sum + cpuMs(child), 0);

/** RSS and heap of a node in bytes, after a full collection. */
export const memoryOf = (child) => ask(child, { ask: 'memory' });

/** From here on the node writes down where its CPU goes; opened by any browser's developer tools. */
export const startProfile = (child) => ask(child, { ask: 'start profile' });
export const stopProfile = (child, file) => ask(child, { ask: 'stop profile', file });

async function ask(child, question) {
  const over = new AbortController();
  const { signal } = over;
  const ended = once(child, 'exit', { signal }).then(([code]) => {
    throw new Error(`a node has ended with ${code}`);
  });
  const answered = once(child, 'message', { signal });
  child.send(question);
  try {
    const [answer] = await Promise.race([answered, ended]);
    return answer;
  } finally {
    ended.catch(() => {});
    over.abort();
  }
}

/** The most RSS that a process has ever had, in bytes. */
export function peakRssOf(child) {
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)[1]) * 1024;
}

export function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
