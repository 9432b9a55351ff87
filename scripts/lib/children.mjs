/** Child processes that never outlive this one. */
import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { createServer } from 'node:net';

const children = new Set();

/** Starts a program whose output goes to a file. */
export function startChild(command, args, { env = {}, logFile }) {
  const log = openSync(logFile, 'a');
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', log, log] });
  children.add(child);
  child.once('exit', () => children.delete(child));
  child.once('error', (error) => console.error(`${command}: ${error.message}`));
  return child;
}

export function hasEnded(child) {
  return child.exitCode !== null || child.signalCode !== null;
}

/** Ends a child and waits for it; one that does not go is killed. */
export function endChild(child, signal = 'SIGTERM', patienceMs = 10_000) {
  return new Promise((resolve) => {
    if (hasEnded(child)) return resolve();
    const killer = setTimeout(() => child.kill('SIGKILL'), patienceMs);
    child.once('exit', () => {
      clearTimeout(killer);
      resolve();
    });
    child.kill(signal);
  });
}

export async function endAllChildren() {
  await Promise.all([...children].toReversed().map((child) => endChild(child)));
}

/** When this process is told to end: by Ctrl-C, by its id, or because its terminal is closed. */
export function onEnd(act) {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, act);
}

process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Whether nobody listens on that port yet. */
export function isPortFree(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '0.0.0.0', () => server.close(() => resolve(true)));
  });
}
