import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { waitUntil } from '../support';

function childrenOf(pid: number): string[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
}

/** Tells the story for real, on three ports that nobody else here uses, and goes without a trace. */
describe('npm run demo', () => {
  it('tells of a message across nodes, one to somebody offline and one past a dead node, then stays until it is ended', async () => {
    const port = 20_000 + (process.pid % 10_000);
    const demo = spawn(process.execPath, ['scripts/demo.mjs', '--port', `${port}`], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    demo.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    demo.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const ended = new Promise<number | null>((resolve) => demo.once('exit', resolve));

    await waitUntil(
      `the demo stays up, having said: ${output}`,
      () => output.includes('Ctrl-C ends'),
      60_000,
    );
    expect(output).toMatch(/Ada on node-1-\S+ → Bob on node-2-\S+: arrived \d+ ms/);
    expect(output).toMatch(/Bob comes back on node-3-\S+: it was replayed/);
    expect(output).toMatch(/Bob's client reconnects, to node-2-\S+: the message is there/);
    expect((await fetch(`http://127.0.0.1:${port + 2}/readyz`)).ok).toBe(true);

    const children = childrenOf(demo.pid ?? 0);
    // Three nodes and their redis-server.
    expect(children).toHaveLength(4);
    // As when its terminal is closed.
    demo.kill('SIGHUP');
    expect(await ended).toBe(0);
    expect(children.filter((pid) => existsSync(`/proc/${pid}`))).toEqual([]);
    for (const offset of [0, 1, 2]) {
      await expect(fetch(`http://127.0.0.1:${port + offset}/healthz`)).rejects.toThrow('fetch failed');
    }
  }, 90_000);
});
