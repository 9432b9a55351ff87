import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Environment } from './beeline-node';

const ROOT = join(__dirname, '../..');
const MAIN = join(ROOT, 'dist/main.js');
const START_TIMEOUT_MS = 20_000;

/** One node as a process of its own, from the real build. */
export interface BeelineProcess {
  readonly url: string;
  readonly pid: number;
  /** Resolves with the exit code, null where a signal ended it. */
  readonly exited: Promise<number | null>;
  /** All that it has written so far, to stdout and to stderr. */
  output(): string;
  kill(signal: NodeJS.Signals): void;
}

/** What a process said before it ended by itself. */
export interface Ended {
  code: number | null;
  output: string;
}

/** Nothing but PATH and what is given: settings of the machine must not leak in. */
function run(command: string, args: string[], environment: Environment): ChildProcess {
  const env = { PATH: process.env['PATH'] ?? '', ...environment };
  return spawn(command, args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Starts `node dist/main.js`, by a launcher where one is given, and waits until it listens, on a free port. */
export async function startProcess(
  environment: Environment,
  launcher: readonly string[] = [],
): Promise<BeelineProcess> {
  const { child, ...launched } = launchChild(environment, launcher);
  return { ...launched, url: await listeningUrl(child) };
}

/** Starts it and waits for nothing: it may never listen. */
export function launch(environment: Environment): Omit<BeelineProcess, 'url'> {
  const { child: _child, ...launched } = launchChild(environment, []);
  return launched;
}

function launchChild(
  environment: Environment,
  launcher: readonly string[],
): Omit<BeelineProcess, 'url'> & { child: ChildProcess } {
  const [command, ...args] = [...launcher, process.execPath, MAIN];
  const child = run(command, args, {
    HOST: '127.0.0.1',
    PORT: '0',
    LOG_LEVEL: 'info',
    ...environment,
  });
  const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  const written: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => written.push(chunk.toString()));
  }
  const { pid = 0 } = child;
  return { child, pid, exited, output: () => written.join(''), kill: (signal) => child.kill(signal) };
}

/** Runs a script of the project to its end. */
export async function runToEnd(script: string, args: string[], environment: Environment): Promise<Ended> {
  const child = run(process.execPath, [join(ROOT, script), ...args], environment);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, output };
}

/** The log's line `listening` names the URL. */
function listeningUrl(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = '';
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`not listening after ${START_TIMEOUT_MS} ms:\n${output}`));
    }, START_TIMEOUT_MS);
    child.once('exit', (code) => {
      clearTimeout(timer);
      reject(new Error(`ended with ${code} before it listened:\n${output}`));
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    if (child.stdout === null) return;
    createInterface(child.stdout).on('line', (line) => {
      output += `${line}\n`;
      const { msg, url } = parseLine(line);
      if (msg !== 'listening' || url === undefined) return;
      clearTimeout(timer);
      resolve(url);
    });
  });
}

function parseLine(line: string): { msg?: string; url?: string } {
  try {
    return JSON.parse(line) as { msg?: string; url?: string };
  } catch {
    return {};
  }
}
