import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { TcpProxy } from '../faults/lib/tcp-proxy';
import {
  type BeelineNode,
  type BeelineProcess,
  closeNodes,
  startNode,
  startProcess,
  TEST_SECRET,
  TestClient,
  tokenFor,
  uniquePrefix,
  uniqueUser,
  waitUntil,
} from '../support';

const ROOT = join(__dirname, '../..');
/** A connection ends within about a second of its token's end. */
const TOKEN_LIFE_MS = 3000;
const THREE_LIVES_MS = 3 * (TOKEN_LIFE_MS + 1000);

/** The client of the README, as it stands there: only its address is another, and `freshToken` and `show` are given. */
class ReadmeClient {
  readonly shown: unknown[] = [];
  private output = '';

  private constructor(
    private readonly child: ChildProcessWithoutNullStreams,
    private readonly dir: string,
  ) {
    let rest = '';
    child.stdout.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split('\n');
      rest = lines.pop() ?? '';
      this.shown.push(...lines.map((line) => JSON.parse(line) as unknown));
    });
    child.stderr.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
  }

  static async start(port: number, tokensUrl: string): Promise<ReadmeClient> {
    const block = /```js\n(import \{ io \}[^]*?)```/.exec(readFileSync(join(ROOT, 'README.md'), 'utf8'))?.[1];
    if (block === undefined) throw new Error('the README has no client');
    const given = `
      const freshToken = () => fetch('${tokensUrl}').then((response) => response.text());
      const show = ({ body }) => {
        if (body === 'poison') throw new Error('it cannot be shown');
        process.stdout.write(JSON.stringify(body) + '\\n');
      };
    `;
    const dir = await mkdtemp(join(ROOT, 'node_modules/.cache-readme-'));
    const file = join(dir, 'client.mjs');
    await writeFile(file, block.replace('http://localhost:3000', `http://127.0.0.1:${port}`) + given);
    return new ReadmeClient(spawn(process.execPath, [file]), dir);
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  async shows(bodies: readonly unknown[]): Promise<void> {
    await waitUntil('it has shown all', () => this.shown.length >= bodies.length, 15_000).catch(
      (error: unknown) => {
        throw new Error(`${String(error)}: ${JSON.stringify(this.shown)}\n${this.output}`);
      },
    );
    expect(this.shown).toEqual(bodies);
  }

  async close(): Promise<void> {
    this.child.kill('SIGKILL');
    await rm(this.dir, { recursive: true });
  }
}

describe("the README's client", () => {
  let doomed: BeelineProcess;
  let lasting: BeelineNode;
  let front: TcpProxy;
  let issuer: Server;
  let bob: string;
  let alice: TestClient;
  let client: ReadmeClient;
  let asked: number;

  beforeEach(async () => {
    const shared = { REDIS_KEY_PREFIX: uniquePrefix() };
    lasting = await startNode(shared);
    doomed = await startProcess({
      ...shared,
      REDIS_URL: process.env['TEST_REDIS_URL'] ?? '',
      AUTH_SECRET: TEST_SECRET,
      NODE_LEASE_MS: '3000',
    });
    let isDoomedAlive = true;
    void doomed.exited.then(() => (isDoomedAlive = false));
    const portOf = ({ url }: { url: string }): number => Number(new URL(url).port);
    front = await TcpProxy.start(() => [isDoomedAlive ? portOf(doomed) : portOf(lasting)]);
    bob = uniqueUser('bob');
    asked = 0;
    issuer = createServer((_request, response) => {
      asked += 1;
      response.end(tokenFor(bob, {}, TOKEN_LIFE_MS));
    });
    await new Promise<void>((resolve) => issuer.listen(0, '127.0.0.1', resolve));
    const { port } = issuer.address() as AddressInfo;
    alice = await TestClient.connect(lasting, uniqueUser('alice'));
    client = await ReadmeClient.start(front.port, `http://127.0.0.1:${port}`);
  });
  afterEach(async () => {
    await client.close();
    TestClient.closeAll();
    front.close();
    doomed.kill('SIGKILL');
    await doomed.exited;
    await closeNodes(lasting);
    issuer.closeAllConnections();
    issuer.close();
  });

  it('gets everything through three lives of its token, a node killed in between, and a message that it cannot show', async () => {
    await alice.send(bob, 'first', 'c-first');
    await client.shows(['first']);
    const bodies: unknown[] = ['first'];
    const startedAt = performance.now();
    for (let i = 0; performance.now() - startedAt < THREE_LIVES_MS; i += 1) {
      const body = i === 5 ? 'poison' : i;
      await alice.send(bob, body, `c-${i}`);
      if (body !== 'poison') bodies.push(body);
      if (i === 25) doomed.kill('SIGKILL');
      await delay(100);
    }
    await client.shows(bodies);
    // At the connect and half-way through each token; after the kill once more. Without refreshing it would be four at most.
    expect(asked).toBeGreaterThanOrEqual(5);
  }, 60_000);

  it('comes back where it slept past the end of its token', async () => {
    await alice.send(bob, 'first', 'c-first');
    await client.shows(['first']);
    client.signal('SIGSTOP');
    await delay(TOKEN_LIFE_MS + 2000);
    client.signal('SIGCONT');
    await alice.send(bob, 'second', 'c-second');
    await client.shows(['first', 'second']);
    expect(asked).toBeGreaterThanOrEqual(2);
  }, 60_000);
});
