import { randomBytes, randomUUID } from 'node:crypto';
import { cp, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { EmbeddedAccountStore } from '../../src/auth/adapters/embedded-account-store';
import { EmbeddedRevocationStore } from '../../src/auth/adapters/embedded-revocation-store';
import { type Config, readConfig } from '../../src/config';
import { EmbeddedDatabase } from '../../src/embedded';
import { Feed } from '../../src/hub/feed';
import { EmbeddedInboxStore } from '../../src/inbox/adapters/embedded-inbox-store';
import { EntryLife } from '../../src/routing/entry-life';
import { EmbeddedMailbox } from '../../src/routing/adapters/embedded-mailbox';
import {
  BEGINNING,
  type Channel,
  type ClientId,
  type ConnectionId,
  type DeviceId,
  type MessageId,
  type NodeId,
  type Offset,
  printDraft,
  type UserId,
} from '../../src/shared';
import { aGrant } from '../contract/fixtures';
import { Random, TEST_SECRET, waitUntil } from '../support';

const SEED = Number(process.env['DAMAGE_SEED'] ?? 20_261);
const ROUNDS = Number(process.env['DAMAGE_ROUNDS'] ?? 40);
const MESSAGES = 300;
const [ALICE, BOB, CHAT] = ['alice' as UserId, 'bob' as UserId, 'chat' as Channel];
const PHONE = 'phone' as DeviceId;
const BLOCK_BYTES = 32_768;

/** What the store said: lost, dropped, damaged, gap and the rest. */
class Witness {
  readonly said: string[] = [];
  isSurveyed = false;
  lost = (): void => void this.said.push('lost');
  stillLost = (): void => void this.said.push('stillLost');
  back = (): void => undefined;
  dropped = (lines: readonly string[], previousLines: readonly string[]): void =>
    void this.said.push(...lines, ...previousLines);
  damaged = (key: string): void => void this.said.push(`damaged ${key}`);
  gap = ({ missing, userId }: { missing: number; userId: UserId }): void => {
    this.said.push(`${missing} of ${userId}`);
  };
  surveyed = (): void => void (this.isSurveyed = true);
  surveyFailed = (): void => void this.said.push('surveyFailed');
}

describe(`the embedded store, one bit of whose files is flipped (seed ${SEED})`, () => {
  let baseline: string;
  let dataDir: string;
  let config: Config;
  let database: EmbeddedDatabase;
  let witness: Witness;
  /** What was stored, in its order. */
  let stored: string[];

  beforeAll(async () => {
    baseline = await mkdtemp(join(tmpdir(), 'beeline-damage-'));
    config = readConfig({ DATA_DIR: baseline, AUTH_SECRET: TEST_SECRET });
    const filled = await EmbeddedDatabase.open(baseline);
    const mailbox = new EmbeddedMailbox(filled, config, new EntryLife(config));
    await new EmbeddedAccountStore(filled).create(ALICE, 'hash of a password');
    await new EmbeddedRevocationStore(filled).revokeUser(ALICE);
    await Promise.all(
      Array.from({ length: MESSAGES }, (_, i) => {
        const message = { id: randomUUID() as MessageId, channel: CHAT, from: ALICE, to: BOB };
        // Some can be compressed, and some can't.
        const body = i % 2 ? `${i} `.repeat(40) : randomBytes(150).toString('base64');
        const draft = printDraft(message, JSON.stringify(body));
        const clientId = `c-${i}` as ClientId;
        return mailbox.append(
          { ...message, clientId, draft, needsAccount: false, heedsBlocks: true, receipt: false },
          [],
        );
      }),
    );
    const inboxes = new EmbeddedInboxStore(filled, config);
    stored = (await readBy(inboxes)).map(({ text }) => text);
    await filled.close();
    expect(stored.filter((text) => text.startsWith('{'))).toHaveLength(MESSAGES);
  });
  afterAll(() => rm(baseline, { recursive: true }));
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'beeline-damage-'));
    await cp(baseline, dataDir, { recursive: true });
  });
  afterEach(() => rm(dataDir, { recursive: true }));

  async function open(): Promise<void> {
    witness = new Witness();
    database = await EmbeddedDatabase.open(dataDir, Date.now, witness);
    await waitUntil('it has been looked through', () => witness.isSurveyed || database.fault !== undefined);
  }

  async function largest(ending: string): Promise<string> {
    const store = join(dataDir, 'store');
    const names = (await readdir(store)).filter((name) => name.endsWith(ending));
    const sized = await Promise.all(
      names.map(async (name) => ({ path: join(store, name), size: (await stat(join(store, name))).size })),
    );
    return sized.reduce((a, b) => (b.size > a.size ? b : a)).path;
  }

  async function flipBit(ending: string, place: (file: Buffer) => number, bit: number): Promise<void> {
    const path = await largest(ending);
    const bytes = await readFile(path);
    const at = place(bytes);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
    await writeFile(path, bytes);
  }

  /** Opening it once makes a table of the log. */
  async function makeTable(): Promise<void> {
    await (await EmbeddedDatabase.open(dataDir)).close();
  }

  /** Everything in its order is one of those stored, and wherever one is missing the client is told. */
  async function expectTheTruth(): Promise<void> {
    await waitUntil('it can be read', () => database.fault === undefined, 20_000);
    const outputs = await readBy(new EmbeddedInboxStore(database, config));
    let next = 0;
    let isTold = false;
    let missing = 0;
    for (const { kind, text } of outputs) {
      if (kind === 'truncated') isTold = true;
      if (kind !== 'message') continue;
      const place = stored.indexOf(text, next);
      expect(place).toBeGreaterThanOrEqual(next);
      expect(isTold || place === next).toBe(true);
      missing += place - next;
      [next, isTold] = [place + 1, false];
    }
    const end = stored.filter((text) => text.startsWith('{')).length;
    // A damaged index costs a whole table, the records of its inboxes too: only the log can tell then.
    const isTableLost =
      next === 0 && witness.said.some((line) => /Table #\d+: dropped|Archiving .*ldb/.test(line));
    expect(isTold || next === end || isTableLost).toBe(true);
    missing += end - next;
    expect(missing === 0 || witness.said.length > 0).toBe(true);
  }

  it.each(['.log', '.ldb'])(
    `gives out nothing that was not written, and tells what is missing: %s, ${ROUNDS} times`,
    async (ending) => {
      const random = new Random(SEED);
      const anywhere = (file: Buffer): number => random.below(file.length);
      // In the words of a message: LevelDB ends the whole process at some damage of what a table is made of.
      const inABody = (file: Buffer): number => {
        for (;;) {
          const words = random.pick(stored.slice(0, MESSAGES)).slice(-120, -100);
          const at = file.indexOf(words);
          if (at > 0) return at + random.below(words.length);
        }
      };
      for (let round = 0; round < ROUNDS; round++) {
        await rm(dataDir, { recursive: true });
        await cp(baseline, dataDir, { recursive: true });
        if (ending === '.ldb') await makeTable();
        await flipBit(ending, ending === '.log' ? anywhere : inABody, random.below(8));
        await open();
        try {
          await expectTheTruth();
        } finally {
          await database.close();
        }
      }
    },
    120_000,
  );

  it('tells the receiver of messages whose end the log has lost, and gives nobody their places', async () => {
    // In the last block of the log, which is dropped from there to its end.
    await flipBit('.log', (file) => file.length - 10_000, 3);
    await open();
    try {
      await expectTheTruth();
      expect(witness.said.join('\n')).toMatch(/dropping \d+ bytes; Corruption/);
      expect(witness.said.join('\n')).toMatch(/\d+ of bob/);
      const lastStored = JSON.parse(stored[MESSAGES - 1] ?? '') as { offset: Offset };
      const inboxes = new EmbeddedInboxStore(database, config);
      const [summary] = await inboxes.summarise(BOB, [CHAT]);
      expect(summary?.last).toBe(lastStored.offset);
      const outputs = await readBy(inboxes);
      expect(outputs.at(-2)).toEqual({ kind: 'truncated', text: '' });
    } finally {
      await database.close();
    }
  });

  it('finds a last record whose length is damaged, which the database takes for cut off', async () => {
    const path = await largest('.log');
    const log = await readFile(path);
    let [at, last] = [Math.floor(log.length / BLOCK_BYTES) * BLOCK_BYTES, 0];
    for (; at + 7 <= log.length; at += 7 + log.readUInt16LE(at + 4)) last = at;
    log[last + 5] = (log[last + 5] ?? 0) ^ 0x40;
    await writeFile(path, log);
    await open();
    try {
      await expectTheTruth();
      expect(witness.said.join('\n')).toMatch(/damaged length/);
    } finally {
      await database.close();
    }
  });

  it.each([
    ['account/alice', 'hash'],
    ['revoked/alice', 'at'],
    ['state/bob/chat', 'phone'],
  ])('believes no changed record: %s', async (key, part) => {
    const offset = (JSON.parse(stored[9] ?? '') as { offset: Offset }).offset;
    const prepared = await EmbeddedDatabase.open(dataDir);
    await new EmbeddedInboxStore(prepared, config).moveDelivered(BOB, CHAT, PHONE, offset);
    await prepared.close();
    await changeValue(key, part);
    await open();
    try {
      expect(witness.said).toContain(`damaged ${key}`);
      const accounts = new EmbeddedAccountStore(database);
      const revocations = new EmbeddedRevocationStore(database);
      const hash = await accounts.find(ALICE, 'home').then(
        (account) => account?.passwordHash,
        () => 'refused',
      );
      expect(hash).toBe(key.startsWith('account') ? 'refused' : 'hash of a password');
      expect(await accounts.create(ALICE, 'of another')).toBe(false);
      // Issued after the log-out, and good where that can be read.
      expect(await revocations.isRevoked(ALICE, undefined, Date.now() + 1000)).toBe(
        key.startsWith('revoked'),
      );
      const registered = await new EmbeddedMailbox(database, config, new EntryLife(config)).register(
        {
          userId: BOB,
          connectionId: 'c' as ConnectionId,
          nodeId: 'n' as NodeId,
          deviceId: PHONE,
          grant: aGrant(),
          channels: [CHAT],
          since: new Map(),
        },
        [],
      );
      const position = 'refused' in registered ? undefined : registered.positions.get(CHAT);
      expect(position).toBe(key.startsWith('state') ? BEGINNING : offset);
    } finally {
      await database.close();
    }
  });

  /** Changes one letter of a stored value, as a flipped bit that LevelDB does not see. */
  async function changeValue(key: string, part: string): Promise<void> {
    const level = new ClassicLevel(join(dataDir, 'store'));
    const value = (await level.get(key)) ?? '';
    expect(value).toContain(part);
    await level.put(key, value.replace(part, part.toUpperCase()));
    await level.close();
  }
});

/** All that a feed from the beginning gives to its connection. */
async function readBy(inboxes: EmbeddedInboxStore): Promise<{ kind: string; text: string }[]> {
  const feed = new Feed();
  const outputs = feed.begin(BEGINNING, '9-9' as never);
  while (feed.wantsRead || !outputs.some(({ kind }) => kind === 'synced')) {
    outputs.push(...feed.accept(await inboxes.readAfter(BOB, CHAT, feed.startRead())));
    if (outputs.some(({ kind }) => kind === 'reset')) throw new Error('the inbox has gone back');
  }
  return outputs.map((output) => ({
    kind: output.kind,
    text: output.kind === 'message' ? output.entry.json : '',
  }));
}
