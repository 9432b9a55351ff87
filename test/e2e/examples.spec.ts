import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { type Connection, Hub } from '../../src/hub';
import type { MessageJson } from '../../src/shared';
import { type BeelineNode, rest, startCluster, tokenFor, waitUntil } from '../support';

const EXAMPLES = join(__dirname, '../../examples');
const PATIENCE_MS = 30_000;
/** Each example is a process that starts, hashes a password and may wait before it comes back. */
jest.setTimeout(90_000);
/** Short, so that a client that reconnects needs a token that it did not begin with. */
const TOKEN_TTL_MS = 2000;

/** One of the examples as a process of its own, with what it has printed so far. */
class Example {
  readonly lines: string[] = [];
  private readonly child: ChildProcessWithoutNullStreams;

  constructor(command: string, file: string, me: string, peer: string, node: BeelineNode) {
    const env = { ...process.env, PASSWORD: `the password of ${me}` };
    this.child = spawn(command, [join(EXAMPLES, file), me, peer, node.url], { env });
    let rest = '';
    const take = (chunk: Buffer): void => {
      const lines = (rest + chunk.toString()).split('\n');
      rest = lines.pop() ?? '';
      this.lines.push(...lines);
    };
    this.child.stdout.on('data', take);
    this.child.stderr.on('data', take);
  }

  type(line: string): void {
    this.child.stdin.write(`${line}\n`);
  }

  /** Waits until as many lines as wanted look like that. */
  async prints(pattern: RegExp, times = 1): Promise<void> {
    const found = (): number => this.lines.filter((line) => pattern.test(line)).length;
    await waitUntil(`${pattern} is printed`, () => found() >= times, PATIENCE_MS).catch((error: unknown) => {
      throw new Error(`${(error as Error).message}; it printed:\n${this.lines.join('\n')}`);
    });
  }

  /** The messages printed, in their order, as `<from>: <text>`. */
  get messages(): string[] {
    return this.lines.filter((line) => !line.startsWith('* '));
  }

  /** Ends its standard input and returns its exit code. */
  async finish(): Promise<unknown> {
    this.child.stdin.end();
    if (this.child.exitCode === null) await once(this.child, 'exit');
    return this.child.exitCode;
  }

  kill(): void {
    this.child.kill('SIGKILL');
  }
}

/** A Python that can run the example; Debian's own where the one on PATH is another. */
function findPython(): string {
  const works = (python: string): boolean =>
    spawnSync(python, ['-c', 'import socketio, websocket']).status === 0;
  const python = ['python3', '/usr/bin/python3'].find(works);
  if (python === undefined) {
    throw new Error('python3-socketio is missing: apt-get install python3-socketio python3-websocket');
  }
  return python;
}

const LANGUAGES = [
  { language: 'JavaScript', file: 'javascript/chat.mjs', command: () => process.execPath },
  { language: 'Python', file: 'python/chat.py', command: findPython },
];

describe.each(LANGUAGES)('the $language example', ({ file, command }) => {
  let nodes: BeelineNode[];
  let started: Example[] = [];

  beforeAll(async () => {
    nodes = await startCluster(2, { LOCAL_ACCOUNTS: 'on', ACCESS_TOKEN_TTL_MS: `${TOKEN_TTL_MS}` });
  });
  afterEach(() => {
    for (const example of started) example.kill();
    started = [];
  });
  afterAll(() => Promise.all(nodes.map((node) => node.close())));

  function run(me: string, peer: string): Example {
    const example = new Example(command(), file, me, peer, nodes[0]!);
    started.push(example);
    return example;
  }

  /** The peer is always the JavaScript one, on the other node. */
  function runPeer(me: string, peer: string): Example {
    const example = new Example(process.execPath, 'javascript/chat.mjs', me, peer, nodes[1]!);
    started.push(example);
    return example;
  }

  /** What the first node holds: the example that is tested. */
  function connections(): Connection[] {
    return nodes[0]!.app.get<Hub>(Hub, { strict: false }).all();
  }

  /** The delivered cursor of the user's terminal: an ack of the beginning moves nothing and tells it. */
  async function cursorOf(user: string): Promise<unknown> {
    const body = { deviceId: `${user}-terminal`, offset: '0-0' };
    return (await rest(nodes[0]!, 'POST', '/inbox/chat/ack', { token: tokenFor(user), body })).body[
      'delivered'
    ];
  }

  it('registers, sends and receives', async () => {
    const alice = run('alice', 'bob');
    const bob = runPeer('bob', 'alice');
    await Promise.all([alice.prints(/^\* node /), bob.prints(/^\* node /)]);
    alice.type('hi bob');
    await bob.prints(/^alice: hi bob$/);
    bob.type('hi alice');
    await alice.prints(/^bob: hi alice$/);
    await alice.prints(/^\* stored at \d+-\d+$/);
    expect(await alice.finish()).toBe(0);
    expect(await bob.finish()).toBe(0);
  });

  it('gets what came while it was away, and what it has acked not again', async () => {
    const first = run('carol', 'dave');
    const dave = runPeer('dave', 'carol');
    await Promise.all([first.prints(/^\* node /), dave.prints(/^\* node /)]);
    dave.type('one');
    dave.type('two');
    await first.prints(/^dave: two$/);
    await dave.prints(/^\* stored at /, 2);
    const last = dave.lines
      .findLast((line) => line.startsWith('* stored at '))
      ?.split(' ')
      .at(-1);
    await waitUntil('both are acked', async () => (await cursorOf('carol')) === last);
    await first.finish();
    dave.type('three');
    await dave.prints(/^\* stored at /, 3);

    const second = run('carol', 'dave');
    await second.prints(/^dave: three$/);
    expect(second.messages).toEqual(['dave: three']);
  });

  it('comes back by itself, with a fresh token, when its connection breaks', async () => {
    const erin = run('erin', 'frank');
    const frank = runPeer('frank', 'erin');
    await Promise.all([erin.prints(/^\* node /), frank.prints(/^\* node /)]);
    const connectedAt = Date.now();
    await waitUntil('its first token has expired', () => Date.now() > connectedAt + TOKEN_TTL_MS);
    for (const { outlet } of connections()) outlet.end('draining', 0);
    await erin.prints(/^\* disconnected/);
    frank.type('still there?');
    await erin.prints(/^\* node /, 2);
    await erin.prints(/^frank: still there\?$/);
    erin.type('yes');
    await frank.prints(/^erin: yes$/);
    expect(erin.messages).toEqual(['frank: still there?']);
  });

  it('shows a message that comes twice once', async () => {
    const jane = run('jane', 'kim');
    await jane.prints(/^\* node /);
    for (const id of ['id-1', 'id-1', 'id-2']) {
      const message = { id, channel: 'chat', from: 'kim', to: 'jane', body: { text: id }, offset: '1-0' };
      for (const { outlet } of connections()) outlet.pushMessage(JSON.stringify(message) as MessageJson);
    }
    await jane.prints(/^kim: id-2$/);
    expect(jane.messages).toEqual(['kim: id-1', 'kim: id-2']);
  });

  it('acks what it cannot show, and shows what comes after it', async () => {
    const lara = run('lara', 'mike');
    const mike = runPeer('mike', 'lara');
    await Promise.all([lara.prints(/^\* node /), mike.prints(/^\* node /)]);
    const poison = [
      String.raw`{"text":"\ud800 half"}`,
      '{"text":{"toString":1}}',
      'null',
      String.raw`{"text":"\u0000"}`,
    ];
    for (const [i, body] of poison.entries()) {
      const message = `{"id":"p-${i}","channel":"chat","from":"mike","to":"lara","body":${body},"offset":"1-${i}"}`;
      for (const { outlet } of connections()) outlet.pushMessage(message as MessageJson);
    }
    mike.type('after it');
    await lara.prints(/^mike: after it$/);
    await mike.prints(/^\* stored at /);
    const last = mike.lines
      .findLast((line) => line.startsWith('* stored at '))
      ?.split(' ')
      .at(-1);
    await waitUntil('it is acked', async () => (await cursorOf('lara')) === last);
    expect(lara.messages.at(-1)).toBe('mike: after it');
  });

  it('ends with a word where a newer connection of its device takes its place', async () => {
    const older = run('gina', 'hugo');
    await older.prints(/^\* node /);
    const newer = run('gina', 'hugo');
    await newer.prints(/^\* node /);
    await older.prints(/^\* ended: replaced$/);
    expect(await older.finish()).toBe(1);
  });

  it('tells of a refusal', async () => {
    const ivan = run('ivan', 'nobody{}');
    ivan.type('anybody?');
    await ivan.prints(/^\* not sent: to must be /);
    expect(ivan.messages).toEqual([]);
  });
});
