import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { freePort, rest, TEST_SECRET, uniqueUser, waitUntil } from '../support';

const ROOT = resolve(__dirname, '../..');
/** What the scripts look at, beside the file `.env`, which is the developer's own. */
const NEEDED = [
  'dist',
  'nest-cli.json',
  'node_modules',
  'package-lock.json',
  'package.json',
  'public',
  'scripts',
  'src',
  'tsconfig.build.json',
  'tsconfig.json',
];

interface Run {
  child: ChildProcess;
  stdout: () => string;
  stderr: () => string;
  ended: Promise<number | null>;
}

/** The scripts of `npm start` and `npm run token`, in a checkout with a `.env` of its own. */
describe('npm start', () => {
  let folder: string;
  const running: ChildProcess[] = [];

  function run(script: string, args: string[], environment: NodeJS.ProcessEnv = {}): Run {
    const child = spawn(process.execPath, [join(folder, 'scripts', script), ...args], {
      cwd: folder,
      env: { PATH: process.env['PATH'], ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running.push(child);
    const said = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk: Buffer) => (said.stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (said.stderr += chunk.toString()));
    const ended = new Promise<number | null>((done) => child.once('close', done));
    return { child, stdout: () => said.stdout, stderr: () => said.stderr, ended };
  }

  async function listening(port: number, { stdout, stderr }: Run): Promise<void> {
    await waitUntil(
      'it listens',
      async () => (await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined))?.ok === true,
      30_000,
    ).catch(() => {
      throw new Error(`it does not listen:\n${stdout()}${stderr()}`);
    });
  }

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'beeline-start-'));
    for (const name of NEEDED) symlinkSync(join(ROOT, name), join(folder, name));
  });
  afterEach(() => {
    for (const child of running.splice(0)) child.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  });

  it('takes settings from .env, a port from its arguments, and is ended by a closed terminal in good order', async () => {
    const [port, otherPort] = [await freePort(), await freePort()];
    writeFileSync(join(folder, '.env'), `AUTH_SECRET=${TEST_SECRET}\nPORT=${otherPort}\nHOST=127.0.0.1\n`);
    const node = run('start.mjs', ['--port', `${port}`]);
    await listening(port, node);
    await expect(fetch(`http://127.0.0.1:${otherPort}/healthz`)).rejects.toThrow('fetch failed');

    const token = run('token.mjs', ['--sub', uniqueUser('crm')]);
    expect(await token.ended).toBe(0);
    // The token, alone.
    expect(token.stdout()).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    const url = `http://127.0.0.1:${port}`;
    expect(await rest({ url }, 'GET', '/presence/bob', { token: token.stdout().trim() })).toMatchObject({
      status: 200,
    });

    node.child.kill('SIGHUP');
    expect(await node.ended).toBe(0);
  }, 60_000);

  it('lets the environment go before .env', async () => {
    const [port, otherPort] = [await freePort(), await freePort()];
    writeFileSync(join(folder, '.env'), `PORT=${otherPort}\nHOST=127.0.0.1\n`);
    await listening(port, run('start.mjs', [], { PORT: `${port}` }));
    await expect(fetch(`http://127.0.0.1:${otherPort}/healthz`)).rejects.toThrow('fetch failed');
  }, 60_000);

  it('says in one line what it does not know', async () => {
    const start = run('start.mjs', ['--prot', '4000']);
    expect(await start.ended).toBe(1);
    expect(start.stderr()).toMatch(/^Unknown option '--prot'.* npm start takes --port only/s);
    expect(start.stderr().trim().split('\n')).toHaveLength(1);
  });
});
