export { type BlocksRecord, isBlocked, readBlocks } from './blocks';
export { Changes, type Expiring, renewed } from './changes';
export { countedUpTo, isInChain, prevAfter } from './chain';
export { EmbeddedDatabase } from './database';
export { EmbeddedModule } from './embedded.module';
export { removeExpired } from './expiry';
export { deliveredOf, type InboxRecord, readInbox, unreadOf, withDelivered } from './inbox-record';
export { below, keys, ownerOf } from './keys';
export {
  endPresenceOfPreviousProcess,
  Presence,
  type PresenceEntry,
  type SeenRecord,
  type WatchersRecord,
  watchedUntil,
  watchingNodes,
} from './presence-record';
export { acknowledged, receiptsBetween } from './receipts';
export { isTokenRevoked, type RevokedUserRecord, revokedUpto } from './revocation';
export { entriesOf, entryAfter, entryUpTo, type Place, printEntry, type StoredEntry } from './stored-entry';
export { DAMAGED, type View } from './view';
