import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { freePort, waitUntil } from '../../support';

const START_TIMEOUT_MS = 10_000;

/** A real redis-server with a directory of its own, that can be killed and started again as it was. */
export class RedisProcess {
  private child: ChildProcess | undefined;
  private output = '';
  private readonly dir = mkdtempSync(join(tmpdir(), 'beeline-faults-'));

  private constructor(
    readonly port: number,
    private readonly options: readonly string[],
    private readonly environment: Record<string, string>,
  ) {}

  /** Durable: what Redis acknowledges survives its own SIGKILL. */
  static readonly ALWAYS_ON_DISK = ['--appendonly', 'yes', '--appendfsync', 'always'];

  static async start(
    options: readonly string[] = [],
    environment: Record<string, string> = {},
    port?: number,
  ): Promise<RedisProcess> {
    const redis = new RedisProcess(port ?? (await freePort()), options, environment);
    try {
      await redis.start();
      return redis;
    } catch (error) {
      await redis.close();
      throw error;
    }
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** On the same port and directory as before, where it was killed. */
  async start(): Promise<void> {
    const defaults = ['--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', this.dir];
    const child = spawn('redis-server', ['--port', `${this.port}`, ...defaults, ...this.options], {
      env: { ...process.env, ...this.environment },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.child = child;
    this.output = '';
    child.stdout.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    await waitUntil(
      'redis-server is ready',
      () => this.output.includes('Ready to accept connections') || child.exitCode !== null,
      START_TIMEOUT_MS,
    );
    if (child.exitCode !== null) throw new Error(`redis-server ended:\n${this.output}`);
  }

  async kill(): Promise<void> {
    const { child } = this;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  /** It answers nobody, and ends no connection. */
  freeze(): void {
    this.child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.child?.kill('SIGCONT');
  }

  /** Runs one command on a connection of its own. */
  async command(...[name, ...args]: [string, ...string[]]): Promise<unknown> {
    return this.use((client) => client.call(name, ...args));
  }

  /** Every key and what is left of its life in ms. */
  async keys(): Promise<{ key: string; ttlMs: number }[]> {
    return this.use(async (client) => {
      const keys = await client.keys('*');
      return Promise.all(keys.map(async (key) => ({ key, ttlMs: await client.pttl(key) })));
    });
  }

  /** Keys whose value has that text anywhere in it: of hashes and sorted sets, which hold presence and leases. */
  async keysThatMention(text: string): Promise<string[]> {
    return this.use(async (client) => {
      const found: string[] = [];
      for (const key of await client.keys('*')) {
        const type = await client.type(key);
        const value =
          type === 'hash'
            ? await client.hgetall(key)
            : type === 'zset'
              ? await client.zrange(key, '0', '-1')
              : '';
        if (JSON.stringify(value).includes(text)) found.push(key);
      }
      return found;
    });
  }

  async use<T>(work: (client: Redis) => Promise<T>): Promise<T> {
    // Redis may be on its way back: asked again for a few seconds.
    const client = new Redis(this.port, '127.0.0.1', { maxRetriesPerRequest: 100, retryStrategy: () => 50 });
    client.on('error', () => {});
    try {
      return await work(client);
    } finally {
      client.disconnect();
    }
  }

  async close(): Promise<void> {
    await this.kill();
    rmSync(this.dir, { recursive: true, force: true });
  }
}
