import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EmbeddedAccountStore } from '../../src/auth/adapters/embedded-account-store';
import { readConfig } from '../../src/config';
import { EmbeddedDatabase, removeExpired } from '../../src/embedded';
import { EmbeddedInboxStore } from '../../src/inbox/adapters/embedded-inbox-store';
import { EmbeddedPresenceStore } from '../../src/presence/adapters/embedded-presence-store';
import { EntryLife } from '../../src/routing/entry-life';
import { EmbeddedMailbox } from '../../src/routing/adapters/embedded-mailbox';
import { aGrant } from '../contract/fixtures';
import {
  BEGINNING,
  type Channel,
  type ClientId,
  type ConnectionId,
  type DeviceId,
  type MessageId,
  type NodeId,
  printDraft,
  type UserId,
} from '../../src/shared';
import { TEST_SECRET } from '../support';

const BOB = 'bob' as UserId;
const CHAT = 'chat' as Channel;
const INBOX_TTL_MS = 1_000_000;
const DEDUPE_MS = 10_000;

describe('what the embedded store keeps', () => {
  let dataDir: string;
  let database: EmbeddedDatabase;
  let nowMs: number;
  let accounts: EmbeddedAccountStore;
  let inboxes: EmbeddedInboxStore;
  let presence: EmbeddedPresenceStore;
  let mailbox: EmbeddedMailbox;

  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'beeline-expiry-'));
    nowMs = 1_800_000_000_000;
    database = await EmbeddedDatabase.open(dataDir, () => nowMs);
    const config = readConfig({
      DATA_DIR: dataDir,
      AUTH_SECRET: TEST_SECRET,
      INBOX_TTL_MS: `${INBOX_TTL_MS}`,
      DEDUPE_WINDOW_MS: `${DEDUPE_MS}`,
      SWEEP_INTERVAL_MS: '100',
    });
    accounts = new EmbeddedAccountStore(database);
    inboxes = new EmbeddedInboxStore(database, config);
    presence = new EmbeddedPresenceStore(database, config);
    mailbox = new EmbeddedMailbox(database, config, new EntryLife(config));
  });
  afterEach(async () => {
    await database.close();
    await rm(dataDir, { recursive: true });
  });

  const append = (clientId: string = randomUUID()) => {
    const message = { id: randomUUID() as MessageId, channel: CHAT, from: 'alice' as UserId, to: BOB };
    const draft = printDraft(message, '"hi"');
    return mailbox.append(
      {
        ...message,
        clientId: clientId as ClientId,
        draft,
        needsAccount: false,
        heedsBlocks: true,
        receipt: false,
      },
      [],
    );
  };

  const allKeys = (): Promise<string[]> =>
    database.look(async (view) => {
      const found: string[] = [];
      for await (const [key] of view.range({ gt: '', lt: '~' })) found.push(key);
      return found;
    });

  async function use(): Promise<void> {
    const { offset } = await append('c-1');
    await append('c-2');
    const connection = { userId: BOB, connectionId: 'c' as ConnectionId, nodeId: 'n' as NodeId };
    const channels = { channels: [CHAT], since: new Map() };
    await mailbox.register(
      { ...connection, deviceId: 'phone' as DeviceId, grant: aGrant(), ...channels },
      [],
    );
    await inboxes.moveDelivered(BOB, CHAT, 'phone' as DeviceId, offset);
    await inboxes.moveRead(BOB, CHAT, offset);
    await mailbox.unregister(BOB, connection.nodeId, [connection.connectionId], []);
    await accounts.openLogin(BOB, 'login', 3 * INBOX_TTL_MS, { place: 'home', passwordHash: 'hash' });
  }

  it('is gone to the last byte when everything has expired, but for accounts', async () => {
    await accounts.create(BOB, 'hash');
    await use();
    nowMs += 4 * INBOX_TTL_MS;
    await removeExpired(database);
    expect(await allKeys()).toEqual(['account/bob', 'format']);
  });

  it('stays while it has not expired', async () => {
    await use();
    const before = (await allKeys()).filter((key) => !key.startsWith('due/'));
    nowMs += DEDUPE_MS - 1;
    await removeExpired(database);
    expect((await allKeys()).filter((key) => !key.startsWith('due/'))).toEqual(before);
  });

  it('stays where it was renewed, though an earlier date comes', async () => {
    await append();
    for (let i = 0; i < 5; i++) {
      nowMs += INBOX_TTL_MS - 1;
      await append();
      await removeExpired(database);
      expect((await inboxes.readAfter(BOB, CHAT, BEGINNING)).entries).toHaveLength(2);
    }
  });

  it('is judged by its date, whether or not it was removed in time', async () => {
    const first = await append('c-1');
    nowMs += DEDUPE_MS;
    expect((await append('c-1')).offset).not.toBe(first.offset);
    nowMs += 1.2 * INBOX_TTL_MS;
    expect((await inboxes.readAfter(BOB, CHAT, BEGINNING)).entries).toEqual([]);
    expect(await inboxes.summarise(BOB, [CHAT])).toMatchObject([{ unread: 0 }]);
  });

  it.each([
    ['the messages', 1.2],
    ['the record of the inbox too', 4],
  ])('does not come back with the next message where %s had expired', async (_what, lives) => {
    await append();
    await append();
    nowMs += lives * INBOX_TTL_MS;
    const { offset } = await append();
    const { entries } = await inboxes.readAfter(BOB, CHAT, BEGINNING);
    expect(entries.map((entry) => entry.offset)).toEqual([offset]);
    expect(await inboxes.summarise(BOB, [CHAT])).toMatchObject([{ unread: 1 }]);
  });

  it('tells the last time a user was seen until that has expired', async () => {
    await use();
    expect(await presence.look([BOB], [])).toMatchObject([{ online: false, lastSeen: nowMs }]);
    nowMs += 4 * INBOX_TTL_MS;
    expect(await presence.look([BOB], [])).toMatchObject([{ online: false, lastSeen: null }]);
  });
});
