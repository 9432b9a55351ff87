import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './redis-server';
import { waitUntil } from './wait-until';

const CONFIG = join(__dirname, '../../deploy/haproxy.cfg');

/** A real HAProxy, with the configuration that compose.yaml uses: only the addresses are this test's. */
export class HaProxy {
  private readonly directory = mkdtempSync(join(tmpdir(), 'beeline-haproxy-'));
  private child: ChildProcess | undefined;
  private output = '';

  private constructor(readonly port: number) {}

  static async start(nodePorts: readonly number[]): Promise<HaProxy> {
    const proxy = new HaProxy(await freePort());
    const file = join(proxy.directory, 'haproxy.cfg');
    writeFileSync(file, proxy.configFor(nodePorts));
    const child = spawn('haproxy', ['-db', '-f', file], { stdio: ['ignore', 'pipe', 'pipe'] });
    proxy.child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => (proxy.output += chunk.toString()));
    }
    await waitUntil('HAProxy listens', () => proxy.isListening());
    return proxy;
  }

  async close(): Promise<void> {
    const { child } = this;
    if (child !== undefined && child.exitCode === null) {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }
    rmSync(this.directory, { recursive: true });
  }

  private configFor(nodePorts: readonly number[]): string {
    const [head = ''] = readFileSync(CONFIG, 'utf8').split(/^ +server .*\n/m);
    const servers = nodePorts.map((port, i) => `    server node-${i} 127.0.0.1:${port}\n`);
    return head.replace('bind :3000', `bind 127.0.0.1:${this.port}`) + servers.join('');
  }

  private isListening(): Promise<boolean> {
    if (this.child?.exitCode !== null) throw new Error(`HAProxy ended:\n${this.output}`);
    return new Promise((resolve) => {
      const socket = connect(this.port, '127.0.0.1');
      socket.once('connect', () => {
        socket.destroy();
        resolve(true);
      });
      socket.once('error', () => resolve(false));
    });
  }
}
