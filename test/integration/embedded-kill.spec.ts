import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Config, readConfig } from '../../src/config';
import { EmbeddedDatabase } from '../../src/embedded';
import type { Entry } from '../../src/hub';
import { EmbeddedInboxStore } from '../../src/inbox/adapters/embedded-inbox-store';
import { EntryLife } from '../../src/routing/entry-life';
import { EmbeddedMailbox } from '../../src/routing/adapters/embedded-mailbox';
import { aGrant } from '../contract/fixtures';
import {
  BEGINNING,
  type Channel,
  type ConnectionId,
  type DeviceId,
  isAfter,
  type NodeId,
  type Offset,
  type UserId,
} from '../../src/shared';
import {
  type BeelineNode,
  freePort,
  Random,
  rest,
  TEST_SECRET,
  TestClient,
  tokenFor,
  waitUntil,
} from '../support';

/** More rounds, or another seed: `KILL_ROUNDS=1000 KILL_SEED=7`. */
const ROUNDS = Number(process.env['KILL_ROUNDS'] ?? 100);
const SEED = Number(process.env['KILL_SEED'] ?? 20_260);
const NODE_ROUNDS = 4;
const USERS = ['ann', 'ben', 'cat'] as UserId[];
const CHAT = 'chat' as Channel;
const PHONE = 'phone' as DeviceId;
const ROOT = join(__dirname, '../..');

let dataDir: string;
/** Whatever a test started, so that one that fails leaves nothing running. */
const children = new Set<ChildProcess>();
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'beeline-kill-'));
});
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
  await rm(dataDir, { recursive: true });
});

describe('adapters killed in mid-write', () => {
  it(`lose no acknowledged write in ${ROUNDS} kills (seed ${SEED})`, async () => {
    const random = new Random(SEED);
    const config = configOf(dataDir);
    const truth = new Truth();
    let spare = startAppender();
    for (let round = 0; round < ROUNDS; round++) {
      const appender = await spare;
      spare = startAppender();
      await writeUntilKilled(appender, planRound(round, truth, random), config, truth, random);
      await truth.check(config);
    }
    await spare;
    expect(truth.acknowledged).toBeGreaterThan(10 * ROUNDS);
  }, 300_000);
});

interface Send {
  to: UserId;
  clientId: string;
  bytes: number;
  /** Whether a device acks the message. */
  ack: boolean;
}

type Report =
  | { kind: 'sent'; to: UserId; clientId: string; offset: Offset; isNew: boolean }
  | { kind: 'delivered'; to: UserId; offset: Offset }
  | { kind: 'ready' | 'done' };

/** First what the last process may or may not have stored, as a client would, then new messages. */
function planRound(round: number, truth: Truth, random: Random): Send[] {
  const fresh = Array.from({ length: 120 }, (_, i): Send => ({
    to: random.pick(USERS),
    clientId: `${round}-${i}`,
    bytes: random.chance(0.15) ? 16_000 : random.below(300),
    ack: random.chance(0.2),
  }));
  const sends = [...truth.unanswered(), ...fresh];
  truth.planned = sends;
  return sends;
}

async function startAppender(): Promise<ChildProcess> {
  const child = fork(join(__dirname, 'embedded-appender.cjs'), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  children.add(child);
  await Promise.race([once(child, 'message'), once(child, 'exit')]);
  if (child.exitCode !== null)
    throw new Error(`an appender ended with ${child.exitCode} before it was ready`);
  return child;
}

/** Kills after a number of answers and a moment more; in every tenth round while the store is being opened. */
async function writeUntilKilled(
  child: ChildProcess,
  sends: Send[],
  config: Config,
  truth: Truth,
  random: Random,
): Promise<void> {
  const closed = once(child, 'close');
  const answersToWaitFor = random.chance(0.1) ? 0 : random.int(1, 60);
  const patienceMs = random.next() * (answersToWaitFor === 0 ? 30 : 4);
  let answers = 0;
  const enough = new Promise<void>((resolve) => {
    if (answersToWaitFor === 0) resolve();
    child.on('message', (report: Report) => {
      truth.note(report);
      answers += 1;
      if (answers >= answersToWaitFor) resolve();
    });
  });
  const { inboxMaxLength, inboxMaxBytes, inboxTtlMs, dedupeWindowMs, sweepIntervalMs } = config;
  const limits = { inboxMaxLength, inboxMaxBytes, inboxTtlMs, dedupeWindowMs, sweepIntervalMs };
  child.send({ dataDir: config.dataDir, config: limits, sends });
  await Promise.race([enough, once(child, 'exit')]);
  await delay(patienceMs);
  child.kill('SIGKILL');
  await closed;
  expect(child.signalCode).toBe('SIGKILL');
}

/** What was acknowledged, and so must be found. */
class Truth {
  planned: Send[] = [];
  acknowledged = 0;
  private readonly answered = new Set<string>();
  private readonly offsets = new Map<UserId, Map<string, Offset>>(USERS.map((user) => [user, new Map()]));
  private readonly delivered = new Map<UserId, Offset>();

  note(report: Report): void {
    if (report.kind === 'delivered') {
      const known = this.delivered.get(report.to) ?? BEGINNING;
      if (isAfter(report.offset, known)) this.delivered.set(report.to, report.offset);
    } else if (report.kind === 'sent') {
      const offsets = this.offsets.get(report.to)!;
      expect(offsets.get(report.clientId) ?? report.offset).toBe(report.offset);
      offsets.set(report.clientId, report.offset);
      this.answered.add(report.clientId);
      this.acknowledged += 1;
    }
  }

  unanswered(): Send[] {
    return this.planned.filter(({ clientId }) => !this.answered.has(clientId)).slice(0, 20);
  }

  /** Opens the store that the killed process left. */
  async check(config: Config): Promise<void> {
    const database = await EmbeddedDatabase.open(config.dataDir);
    try {
      for (const user of USERS) await this.checkUser(database, config, user);
    } finally {
      await database.close();
    }
  }

  private async checkUser(database: EmbeddedDatabase, config: Config, user: UserId): Promise<void> {
    const inboxes = new EmbeddedInboxStore(database, config);
    const entries = await readAll(inboxes, user);
    expectChain(entries);
    const found = new Map(entries.map(({ json, offset }) => [clientIdOf(json), offset]));
    expect(found.size).toBe(entries.length);
    const oldest = entries[0]?.offset ?? BEGINNING;
    for (const [clientId, offset] of this.offsets.get(user)!) {
      const isKept = entries.length > 0 && !isAfter(oldest, offset);
      if (isKept || entries.length < config.inboxMaxLength)
        expect([clientId, found.get(clientId)]).toEqual([clientId, offset]);
    }
    const [summary] = await inboxes.summarise(user, [CHAT]);
    expect(summary).toEqual({
      read: BEGINNING,
      unread: entries.length,
      last: entries.at(-1)?.offset ?? BEGINNING,
    });
    await this.checkCursor(database, config, user);
  }

  private async checkCursor(database: EmbeddedDatabase, config: Config, user: UserId): Promise<void> {
    const registered = await new EmbeddedMailbox(database, config, new EntryLife(config)).register(
      {
        userId: user,
        connectionId: 'looks' as ConnectionId,
        nodeId: 'node' as NodeId,
        deviceId: PHONE,
        grant: aGrant(),
        channels: [CHAT],
        since: new Map(),
      },
      [],
    );
    if ('refused' in registered) throw new Error(registered.refused);
    const kept = registered.channels.get(CHAT)!.delivered;
    expect(isAfter(this.delivered.get(user) ?? BEGINNING, kept)).toBe(false);
  }
}

async function readAll(inboxes: EmbeddedInboxStore, user: UserId): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (let more = true; more;) {
    const page = await inboxes.readAfter(user, CHAT, entries.at(-1)?.offset ?? BEGINNING);
    entries.push(...page.entries);
    more = page.more;
  }
  return entries;
}

function expectChain(entries: readonly Entry[]): void {
  for (const [i, { prev, offset }] of entries.entries()) {
    if (i > 0) expect(prev).toBe(entries[i - 1]!.offset);
    expect(isAfter(offset, prev)).toBe(true);
  }
}

function clientIdOf(json: string): string {
  return (JSON.parse(json) as { clientId: string }).clientId;
}

function configOf(directory: string): Config {
  return readConfig({ DATA_DIR: directory, AUTH_SECRET: TEST_SECRET, INBOX_MAX_LENGTH: '400' });
}

describe('a whole node', () => {
  it(`killed ${NODE_ROUNDS} times under load, keeps what it acknowledged`, async () => {
    const acknowledged: string[] = [];
    for (let round = 0; round < NODE_ROUNDS; round++) {
      const node = await NodeProcess.start(dataDir);
      await expectInbox(node, acknowledged);
      const alice = await TestClient.connect(node.node, 'alice');
      const bob = await TestClient.connect(node.node, 'bob');
      const enough = acknowledged.length + 30;
      const sending = Array.from({ length: 200 }, async (_, i) => {
        const answer = await alice.request('message:send', { to: 'bob', body: i, clientId: `${round}-${i}` });
        if (answer.ok) acknowledged.push(answer['id'] as string);
      });
      void Promise.allSettled(sending);
      await waitUntil('some are acknowledged', () => acknowledged.length >= enough);
      await node.kill();
      alice.close();
      bob.close();
    }
    const node = await NodeProcess.start(dataDir);
    await expectInbox(node, acknowledged);
    await node.kill();
  }, 120_000);

  it('was last seen, whoever was connected, when the killed process last vouched for it', async () => {
    const first = await NodeProcess.start(dataDir);
    const alice = await TestClient.connect(first.node, 'alice');
    const connectedAt = Date.now();
    await delay(3 * SWEEP_MS);
    await first.kill();
    const killedAt = Date.now();
    alice.close();

    const second = await NodeProcess.start(dataDir);
    const { body } = await rest(second.node, 'GET', '/presence/alice', { token: tokenFor('bob') });
    const { alice: state } = body['presence'] as { alice: { online: boolean; lastSeen: number } };
    expect(state.online).toBe(false);
    expect(state.lastSeen).toBeGreaterThan(connectedAt);
    expect(state.lastSeen).toBeLessThanOrEqual(killedAt);
    await second.kill();
  }, 60_000);

  it('is refused a directory that another process holds, and a port, in one line each', async () => {
    const node = await NodeProcess.start(dataDir);
    expect(await NodeProcess.refusal({ DATA_DIR: dataDir })).toMatch(
      /^DATA_DIR .* is in use by another process.*\n$/,
    );
    const elsewhere = await mkdtemp(join(tmpdir(), 'beeline-kill-'));
    const onOurPort = { DATA_DIR: elsewhere, PORT: new URL(node.node.url).port };
    expect(await NodeProcess.refusal(onOurPort)).toMatch(/^Port \d+ is in use: .*\n$/);
    await rm(elsewhere, { recursive: true });
    await node.kill();
  }, 60_000);
});

const SWEEP_MS = 300;

async function expectInbox(process: NodeProcess, acknowledged: readonly string[]): Promise<void> {
  const ids: string[] = [];
  let after = BEGINNING as string;
  for (let more = true; more;) {
    const path = `/inbox/chat?after=${after}&limit=200`;
    const { body } = await rest(process.node, 'GET', path, { token: tokenFor('bob') });
    ids.push(...(body['messages'] as { id: string }[]).map(({ id }) => id));
    after = body['next'] as string;
    more = body['more'] as boolean;
  }
  expect(new Set(ids).size).toBe(ids.length);
  expect(acknowledged.filter((id) => !ids.includes(id))).toEqual([]);
}

/** `node dist/main.js` as a process that can be killed. */
class NodeProcess {
  private constructor(
    private readonly child: ChildProcess,
    /** As far as clients of it need one. */
    readonly node: Pick<BeelineNode, 'url'> & BeelineNode,
  ) {}

  static async start(directory: string): Promise<NodeProcess> {
    const port = await freePort();
    const child = NodeProcess.spawn({ DATA_DIR: directory, PORT: `${port}` });
    const url = `http://127.0.0.1:${port}`;
    await waitUntil(
      'the node is ready',
      async () => {
        if (child.exitCode !== null) throw new Error(`the node ended with ${child.exitCode}`);
        return fetch(`${url}/readyz`).then(
          ({ ok }) => ok,
          () => false,
        );
      },
      30_000,
    );
    return new NodeProcess(child, { url } as BeelineNode);
  }

  /** Everything that a node says, which can't start. */
  static async refusal(environment: Record<string, string>): Promise<string> {
    const child = NodeProcess.spawn(environment);
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        said += chunk.toString();
      });
    }
    const [code] = (await once(child, 'close')) as [number];
    expect(code).toBe(1);
    return said;
  }

  async kill(): Promise<void> {
    const gone = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await gone;
  }

  private static spawn(environment: Record<string, string>): ChildProcess {
    const settings = { PORT: '0', HOST: '127.0.0.1', AUTH_SECRET: TEST_SECRET, LOG_LEVEL: 'warn' };
    const limits = { SEND_RATE_PER_SECOND: '100000', LOCAL_ACCOUNTS: 'off' };
    const child = spawn(process.execPath, [join(ROOT, 'dist/main.js')], {
      cwd: tmpdir(),
      env: { ...settings, ...limits, SWEEP_INTERVAL_MS: `${SWEEP_MS}`, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.add(child);
    return child;
  }
}
