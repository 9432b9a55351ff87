import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TEST_SECRET, waitUntil } from '../../support';
import { lastingTokenFor } from './tokens';

export type KillPoint = 'before-publish' | 'before-push' | 'mid-replay' | 'mid-drain';

const START_TIMEOUT_MS = 60_000;
const PAGE_SIZE = 4096;
const KEPT_LOG_LINES = 400;

/** Short leases, sweeps and pings, so that healing is seen within seconds. */
export const FAULT_ENVIRONMENT = {
  HOST: '127.0.0.1',
  PORT: '0',
  AUTH_SECRET: TEST_SECRET,
  LOCAL_ACCOUNTS: 'off',
  NODE_LEASE_MS: '1500',
  SWEEP_INTERVAL_MS: '1000',
  DRAIN_TIMEOUT_MS: '3000',
  PING_INTERVAL_MS: '1000',
  PING_TIMEOUT_MS: '1500',
  REDIS_COMMAND_TIMEOUT_MS: '500',
  SEND_RATE_PER_SECOND: '100000',
  SEND_BYTES_PER_DAY: '1000000000000',
  NEW_RECEIVERS_PER_HOUR: '100000',
  LOG_LEVEL: 'info',
};

/** One Beeline node as it runs in production, `node dist/main.js`, in a process of its own. */
export class NodeProcess {
  readonly log: string[] = [];
  port = 0;
  /** Stopped by SIGSTOP and not yet continued. */
  isFrozen = false;

  private constructor(
    readonly name: string,
    private readonly child: ChildProcess,
  ) {
    child.stdout?.on('data', (chunk: Buffer) => this.write(chunk));
    child.stderr?.on('data', (chunk: Buffer) => this.write(chunk));
  }

  static async start(name: string, environment: Record<string, string>): Promise<NodeProcess> {
    const preload = join(__dirname, 'kill-points.cjs');
    const child = spawn(process.execPath, ['--expose-gc', '-r', preload, 'dist/main.js'], {
      env: {
        PATH: process.env['PATH'],
        HOME: process.env['HOME'],
        ...FAULT_ENVIRONMENT,
        NODE_NAME: name,
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const node = new NodeProcess(name, child);
    try {
      await waitUntil(`${name} listens`, () => node.port > 0 || node.hasEnded, START_TIMEOUT_MS);
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    }
    if (node.hasEnded) throw new Error(`${name} did not start:\n${node.log.join('\n')}`);
    return node;
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  get exitCode(): number | null {
    return this.child.exitCode;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Memory that the process has from the system, in bytes (by /proc: Linux only). */
  get residentBytes(): number {
    const pages = readFileSync(`/proc/${this.child.pid}/statm`, 'utf8').split(' ')[1];
    return Number(pages) * PAGE_SIZE;
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended();
  }

  /** SIGTERM; resolves with the exit code. */
  async terminate(): Promise<number | null> {
    this.child.kill('SIGTERM');
    await this.ended();
    return this.child.exitCode;
  }

  async ended(): Promise<void> {
    if (!this.hasEnded) await once(this.child, 'exit');
  }

  freeze(): void {
    this.isFrozen = this.child.kill('SIGSTOP');
  }

  thaw(): void {
    this.isFrozen = !this.child.kill('SIGCONT');
  }

  /** The process ends itself at the n-th passage of that point from now on. */
  arm(point: KillPoint, passes = 1): void {
    this.order({ arm: point, passes });
  }

  losePublishes(lose: boolean): void {
    this.order({ losePublishes: lose });
  }

  /** What it holds after a garbage collection, in bytes. */
  async memoryBytes(): Promise<number> {
    return this.tell('memory');
  }

  /** How many envelopes it has published. */
  async publishes(): Promise<number> {
    return this.tell('publishes');
  }

  async isReady(): Promise<boolean> {
    return this.ask('GET', '/readyz').then(
      ({ status }) => status === 200,
      () => false,
    );
  }

  /** One REST call as that user. */
  async ask(
    method: string,
    path: string,
    { user = 'bystander', body }: { user?: string; body?: unknown } = {},
  ): Promise<{ status: number; body: Record<string, unknown> }> {
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${lastingTokenFor(user)}`, 'content-type': 'application/json' },
      signal: AbortSignal.timeout(3000),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }

  private order(order: object): void {
    if (this.child.connected) this.child.send(order);
  }

  private async tell(what: 'memory' | 'publishes'): Promise<number> {
    this.order({ [what]: true });
    const [answer] = (await once(this.child, 'message')) as [Record<string, number>];
    return answer[what] ?? Number.NaN;
  }

  private write(chunk: Buffer): void {
    const text = chunk.toString();
    this.log.push(...text.split('\n').filter((line) => line !== ''));
    this.log.splice(0, this.log.length - KEPT_LOG_LINES);
    const listening = /"url":"http:\/\/[^"]*?:(\d+)"/.exec(text);
    if (listening !== null) this.port = Number(listening[1]);
  }
}
