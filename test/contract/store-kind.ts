import type { AccountStore } from '../../src/auth/account-store.port';
import type { RevocationStore } from '../../src/auth/revocation-store.port';
import type { InboxStore } from '../../src/inbox/inbox-store.port';
import type { BlockStore } from '../../src/blocks/block-store.port';
import type { ContactStore } from '../../src/limits/contact-store.port';
import type { RateStore } from '../../src/limits/rate-store.port';
import type { LeaseStore } from '../../src/node/lease-store.port';
import type { NodeChannel } from '../../src/node/node-channel.port';
import type { PresenceStore } from '../../src/presence/presence-store.port';
import type { Mailbox } from '../../src/routing/mailbox.port';
import type { Channel, UserId } from '../../src/shared';
import type { Environment } from '../support/beeline-node';

/** A kind of store: what every contract suite is run for. */
export interface StoreKind {
  readonly name: string;
  /** A new, empty store, apart from every other. `overrides` are settings as in the environment of a node. */
  open(overrides?: Environment): Promise<OpenStore>;
}

/** One node's adapters of every port. */
export interface OpenStore {
  readonly leases: LeaseStore;
  readonly channel: NodeChannel;
  readonly accounts: AccountStore;
  readonly revocations: RevocationStore;
  readonly inboxes: InboxStore;
  readonly presence: PresenceStore;
  readonly mailbox: Mailbox;
  readonly rates: RateStore;
  readonly contacts: ContactStore;
  readonly blocks: BlockStore;
  readonly faults: StoreFaults;
  /** The store's clock, Unix ms. */
  storeNow(): Promise<number>;
  /** The same store as another node has it, to be closed too; a store that serves one node only returns itself. */
  openAnother(): Promise<OpenStore>;
  /** May be called twice. */
  close(): Promise<void>;
}

/** What can happen to a store and no port has a method for. */
export interface StoreFaults {
  /** The messages of an inbox go, as when they expire; cursors and presence stay. */
  loseInbox(user: UserId, channel: Channel): Promise<void>;
  /** The last offset and the cursors of a user go; messages and presence stay. */
  loseState(user: UserId): Promise<void>;
  /** Every presence entry of a user goes, as where the store was emptied. */
  losePresence(user: UserId): Promise<void>;
  /** Makes the store's clock stand `byMs` before the last message of that inbox. */
  setClockBack(user: UserId, channel: Channel, byMs: number): Promise<void>;
  /** Moves what a store knows of a user's contacts and new receivers back in time, as if they were older. */
  ageContacts(user: UserId, byMs: number): Promise<void>;
  /** Adds so many receivers to those that a user has; the latest of them was written to last. */
  addContacts(user: UserId, receivers: readonly UserId[]): Promise<void>;
  /** How many receivers the store keeps among a user's contacts. */
  countContacts(user: UserId): Promise<number>;
  /** What the store holds that would never go away by itself, accounts and revocations of users aside: names to be read by people. */
  immortals(): Promise<string[]>;
}
