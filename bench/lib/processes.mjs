import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';

const CLOCK_TICKS_PER_SECOND = 100;

/** A child process that is ready once its output contains `readyText`. */
export function start(command, args, { env = {}, readyText }) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`${command} ${args[0]} ended with ${code}\n${output}`)));
    child.stdout.on('data', (chunk) => {
      output = (output + chunk).slice(-4096);
      if (output.includes(readyText)) resolve(child);
    });
  });
}

export function stop(child) {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    child.once('exit', resolve);
    child.kill('SIGTERM');
  });
}

/** User and system CPU that a process has used so far, in ms (by /proc: Linux only). */
export function cpuMs(child) {
  const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / CLOCK_TICKS_PER_SECOND;
}

export function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

export async function startRedis() {
  const port = await freePort();
  const args = ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  const child = await start('redis-server', args, { readyText: 'Ready to accept connections' });
  return { child, url: `redis://127.0.0.1:${port}` };
}
