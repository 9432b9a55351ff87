import { spawn } from 'node:child_process';
import { waitUntil } from '../support';

/** Tells the story for real, on three ports that nobody else here uses, and goes without a trace. */
describe('npm run demo', () => {
  it('tells of a message across nodes, one to somebody offline and one past a dead node, then stays until Ctrl-C', async () => {
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

    demo.kill('SIGINT');
    expect(await ended).toBe(0);
    for (const offset of [0, 1, 2]) {
      await expect(fetch(`http://127.0.0.1:${port + offset}/healthz`)).rejects.toThrow('fetch failed');
    }
  }, 90_000);
});
