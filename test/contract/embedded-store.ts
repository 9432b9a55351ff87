import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EmbeddedAccountStore } from '../../src/auth/adapters/embedded-account-store';
import { EmbeddedBlockStore } from '../../src/blocks/adapters/embedded-block-store';
import { EmbeddedRevocationStore } from '../../src/auth/adapters/embedded-revocation-store';
import { type Config, readConfig } from '../../src/config';
import { below, Changes, EmbeddedDatabase, type InboxRecord, keys, ownerOf } from '../../src/embedded';
import { EmbeddedInboxStore } from '../../src/inbox/adapters/embedded-inbox-store';
import { type ContactsRecord, EmbeddedContactStore } from '../../src/limits/adapters/embedded-contact-store';
import { EmbeddedRateStore } from '../../src/limits/adapters/embedded-rate-store';
import { EmbeddedLeaseStore } from '../../src/node/adapters/embedded-lease-store';
import { EmbeddedNodeChannel } from '../../src/node/adapters/embedded-node-channel';
import { EmbeddedPresenceStore } from '../../src/presence/adapters/embedded-presence-store';
import { EntryLife } from '../../src/routing/entry-life';
import { EmbeddedMailbox } from '../../src/routing/adapters/embedded-mailbox';
import type { Offset, UserId } from '../../src/shared';
import type { Environment } from '../support/beeline-node';
import type { OpenStore, StoreFaults, StoreKind } from './store-kind';

/** The embedded adapters, without the container, in a directory of their own. */
export const embeddedStore: StoreKind = {
  name: 'embedded',
  open: (overrides = {}) => openEmbedded(overrides),
};

/** On a clock of one's own, where that is given. */
export async function openEmbedded(overrides: Environment, now?: () => number): Promise<OpenStore> {
  const dataDir = await mkdtemp(join(tmpdir(), 'beeline-contract-'));
  const config = readConfig({
    DATA_DIR: dataDir,
    AUTH_SECRET: 'a secret for tests only, of more than 32 bytes',
    ...overrides,
  });
  const database = await EmbeddedDatabase.open(dataDir, now);
  let closing: Promise<void> | undefined;
  return storeOf(database, config, () => {
    closing ??= database.close().then(() => rm(dataDir, { recursive: true }));
    return closing;
  });
}

function storeOf(
  database: EmbeddedDatabase,
  config: Config,
  close: () => Promise<void>,
  rates = new EmbeddedRateStore(database),
): OpenStore {
  return {
    leases: new EmbeddedLeaseStore(database),
    channel: new EmbeddedNodeChannel(),
    accounts: new EmbeddedAccountStore(database),
    revocations: new EmbeddedRevocationStore(database),
    inboxes: new EmbeddedInboxStore(database, config),
    presence: new EmbeddedPresenceStore(database, config),
    mailbox: new EmbeddedMailbox(database, config, new EntryLife(config)),
    rates,
    contacts: new EmbeddedContactStore(database),
    blocks: new EmbeddedBlockStore(database),
    faults: faultsOf(database),
    storeNow: () => Promise.resolve(database.now()),
    /** Other adapters on the same database: it is held by one process, which has one memory. */
    openAnother: () => Promise.resolve(storeOf(database, config, () => Promise.resolve(), rates)),
    close,
  };
}

function faultsOf(database: EmbeddedDatabase): StoreFaults {
  const remove = async (...prefixes: string[]): Promise<void> => {
    const changes = new Changes();
    for (const prefix of prefixes) for (const key of await keysIn(database, prefix)) changes.delete(key);
    await database.commit(changes, { durable: false });
  };
  const change = async (key: string, fields: Partial<InboxRecord>): Promise<void> => {
    const record = await database.look((view) => view.read<InboxRecord>(key));
    if (record === undefined) return;
    await database.commit(new Changes().put(key, { ...record, ...fields }), { durable: false });
  };
  return {
    loseInbox: async (user, channel) => {
      await remove(`inbox/${user}/${channel}`);
      await change(keys.state(user, channel), { oldest: null });
    },
    loseState: (user) => remove(`state/${user}`),
    losePresence: (user) => database.commit(new Changes().delete(keys.presence(user)), { durable: false }),
    /** The last offset is moved ahead of the clock. */
    setClockBack: (user, channel, byMs) =>
      change(keys.state(user, channel), { last: `${database.now() + 1000 + byMs}-0` as Offset }),
    ageContacts: async (user, byMs) => {
      const key = keys.contacts(user);
      const record = await database.look((view) => view.read<ContactsRecord>(key));
      if (record === undefined) return;
      const aged = Object.entries(record.contacts).map(([contact, at]): [string, number] => [
        contact,
        at - byMs,
      ]);
      const changed = { ...record, contacts: Object.fromEntries(aged), fullAt: record.fullAt - byMs };
      await database.commit(new Changes().put(key, changed), { durable: false });
    },
    addContacts: async (user, receivers) => {
      const key = keys.contacts(user);
      const record = await database.look((view) => view.read<ContactsRecord>(key));
      if (record === undefined) return;
      const now = database.now() - receivers.length;
      const added = Object.fromEntries(receivers.map((receiver, i) => [receiver, now + i]));
      const changed = { ...record, contacts: { ...record.contacts, ...added } };
      await database.commit(new Changes().put(key, changed), { durable: false });
    },
    countContacts: async (user) => {
      const record = await database.look((view) => view.read<ContactsRecord>(keys.contacts(user)));
      return Object.keys(record?.contacts ?? {}).length;
    },
    immortals: () => immortalsOf(database),
  };
}

async function keysIn(database: EmbeddedDatabase, prefix: string): Promise<string[]> {
  return database.look(async (view) => {
    const found: string[] = [];
    for await (const [key] of view.range(below(prefix))) found.push(key);
    return found;
  });
}

/** Records without a date, with one that nobody has noted, and messages that no record leads to. */
async function immortalsOf(database: EmbeddedDatabase): Promise<string[]> {
  const kinds = ['state', 'presence', 'seen', 'sent', 'login', 'revoked', 'contacts', 'watchers'];
  const there = (await Promise.all(kinds.map((kind) => keysIn(database, kind)))).flat();
  const dated = there.filter((key) => key !== keys.revokedUser(ownerOf(key) as UserId));
  const noted = new Set(await keysIn(database, 'due'));
  const found: string[] = [];
  for (const key of dated) {
    const record = await database.look((view) => view.read<InboxRecord>(key));
    const dates =
      key.startsWith('state/') && record?.oldest ? [record.until, record.inboxUntil] : [record?.until];
    if (dates.some((at) => at === undefined || !noted.has(keys.due(at, key)))) found.push(key);
  }
  const messages = await keysIn(database, 'inbox');
  const states = new Set(dated.filter((key) => key.startsWith('state/')));
  const isLost = (key: string): boolean =>
    !states.has(key.slice(0, key.lastIndexOf('/')).replace('inbox', 'state'));
  return [...found, ...messages.filter(isLost)];
}
