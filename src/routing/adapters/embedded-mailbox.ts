import { Injectable } from '@nestjs/common';
import { Config, stateTtlMsOf } from '../../config';
import {
  acknowledged,
  Changes,
  deliveredOf,
  EmbeddedDatabase,
  entriesOf,
  type Expiring,
  type InboxRecord,
  isBlocked,
  isInChain,
  isTokenRevoked,
  keys,
  type Place,
  Presence,
  prevAfter,
  type PresenceEntry,
  printEntry,
  readInbox,
  renewed,
  unreadOf,
  type View,
  watchingNodes,
  withDelivered,
} from '../../embedded';
import { MAX_DEVICE_CURSORS, type ReceiptDue } from '../../inbox';
import {
  BeelineError,
  BEGINNING,
  type Channel,
  type ConnectionId,
  isAfter,
  type MessageId,
  type NodeId,
  type Offset,
  SENT_CHANNEL,
  sentAtOf,
  type UserId,
} from '../../shared';
import { EntryLife } from '../entry-life';
import {
  type Append,
  type Appended,
  type ChannelState,
  type HeldConnection,
  type LostReason,
  blockedError,
  Mailbox,
  maxDevicesOf,
  type Refused,
  type Registered,
  type Registration,
  type Routes,
  type Swept,
} from '../mailbox.port';

/** The dedupe record: what the first send was answered. */
interface SentRecord extends Expiring {
  id: MessageId;
  offset: Offset;
}

@Injectable()
export class EmbeddedMailbox extends Mailbox {
  private readonly stateTtlMs: number;

  constructor(
    private readonly database: EmbeddedDatabase,
    private readonly config: Config,
    private readonly life: EntryLife,
  ) {
    super();
    this.stateTtlMs = stateTtlMsOf(config);
  }

  override append(append: Append, dead: readonly NodeId[]): Promise<Appended> {
    const { to, channel, from, id, clientId, needsAccount, heedsBlocks } = append;
    const sentKey = keys.sent(to, channel, from, clientId ?? id);
    return this.database.exclusively(to, async (view) => {
      const nowMs = this.database.now();
      if (needsAccount && (await view.find(keys.account(to))) === undefined) {
        throw new BeelineError('not_found', 'there is no such user');
      }
      const [sent, presence, record] = await Promise.all([
        view.readLiving<SentRecord>(sentKey, nowMs),
        Presence.read(view, to, nowMs, dead),
        readInbox(view, to, channel, nowMs),
      ]);
      const changes = new Changes();
      if (presence.isStale) await presence.write(view, changes, this.stateTtlMs);
      const routes = toRoutes(presence.living.values());
      // A record of what this log does not have is another's: that message is lost, so this one is stored.
      if (sent !== undefined && (await isInChain(view, to, channel, record, sent.offset))) {
        await this.database.commit(changes, { durable: false });
        return { id: sent.id, offset: sent.offset, prev: undefined, routes };
      }
      if (heedsBlocks && (await isBlocked(view, to, from))) throw blockedError();
      const offset = nextOffset(record.last, nowMs, id);
      await this.store(view, changes, append, offset, record, nowMs);
      const first: SentRecord = { id, offset, until: nowMs + this.config.dedupeWindowMs };
      changes.putExpiring(sentKey, first);
      await this.database.commit(changes, { durable: true });
      return { id, offset, prev: record.last, routes };
    });
  }

  override register(registration: Registration, dead: readonly NodeId[]): Promise<Registered | Refused> {
    const { userId, connectionId, nodeId, deviceId, grant, channels, since } = registration;
    return this.database.exclusively(userId, async (view) => {
      const nowMs = this.database.now();
      const changes = new Changes();
      if (await isTokenRevoked(view, changes, userId, grant.loginId, grant.issuedAt, nowMs)) {
        await this.database.commit(changes, { durable: false });
        return { refused: 'revoked' };
      }
      const presence = await Presence.read(view, userId, nowMs, dead);
      const living = [...presence.living.values()];
      const others = living.filter(({ id }) => id !== connectionId);
      const elsewhere = others.filter(({ device }) => deviceId === undefined || device !== deviceId);
      if (this.config.sessionPolicy === 'reject' && elsewhere.length > 0) {
        return { refused: 'conflict', rivals: toRoutes(elsewhere) };
      }
      const entry: PresenceEntry = {
        id: connectionId,
        node: nodeId,
        device: deviceId,
        since: Math.max(nowMs, ...living.map((other) => other.since + 1)),
        seen: nowMs,
        countsUntil: nowMs + this.life.aheadMs,
      };
      // The newest of all, it stays.
      const replaced = surplusAmong([entry, ...others], maxDevicesOf(this.config));
      for (const { id } of replaced) presence.living.delete(id);
      presence.living.set(connectionId, entry);
      await presence.write(view, changes, this.stateTtlMs);

      const states = new Map<Channel, ChannelState>();
      const positions = new Map<Channel, Offset>();
      const receipts = new Map<Channel, ReceiptDue[]>();
      for (const channel of channels) {
        const place = await this.placeOf(view, changes, registration, channel, since.get(channel), nowMs);
        states.set(channel, place.state);
        positions.set(channel, place.start);
        receipts.set(channel, place.receipts);
      }
      const watchers = await watchingNodes(view, changes, userId, nowMs, this.life.aheadMs);
      await this.database.commit(changes, { durable: since.size > 0 });
      return {
        since: entry.since,
        channels: states,
        positions,
        replaced: toRoutes(replaced),
        watchers,
        receipts,
      };
    });
  }

  override async unregister(
    user: UserId,
    node: NodeId,
    connections: readonly ConnectionId[],
    dead: readonly NodeId[],
  ): Promise<NodeId[]> {
    return this.database.exclusively(user, async (view) => {
      const nowMs = this.database.now();
      const presence = await Presence.read(view, user, nowMs, dead);
      const ours = connections.filter((id) => presence.living.get(id)?.node === node);
      for (const id of ours) presence.end(id);
      const changes = new Changes();
      if (presence.isStale) await presence.write(view, changes, this.stateTtlMs);
      const watchers = await watchingNodes(view, changes, user, nowMs, this.life.aheadMs);
      await this.database.commit(changes, { durable: false });
      return watchers;
    });
  }

  override locate(user: UserId, dead: readonly NodeId[]): Promise<Routes> {
    return this.database.look(async (view) => {
      const presence = await Presence.read(view, user, this.database.now(), dead);
      return toRoutes(presence.living.values());
    });
  }

  override sweep(
    user: UserId,
    node: NodeId,
    connections: readonly HeldConnection[],
    channels: readonly Channel[],
    dead: readonly NodeId[],
  ): Promise<Swept> {
    return this.database.exclusively(user, async (view) => {
      const nowMs = this.database.now();
      const presence = await Presence.read(view, user, nowMs, dead);
      const held = connections.map(({ connectionId, deviceId, since }): PresenceEntry => {
        const times = { since, seen: nowMs, countsUntil: nowMs + this.life.aheadMs };
        return { id: connectionId, node, device: deviceId, ...times };
      });
      const changes = new Changes();
      const lost = new Map<ConnectionId, LostReason>();
      for (const { connectionId, grant } of connections) {
        if (await isTokenRevoked(view, changes, user, grant.loginId, grant.issuedAt, nowMs))
          lost.set(connectionId, 'revoked');
      }
      const others = [...presence.living.values()].filter(({ id }) => held.every((entry) => entry.id !== id));
      const contenders = [...held.filter(({ id }) => !lost.has(id)), ...others];
      for (const { id } of surplusAmong(contenders, maxDevicesOf(this.config))) {
        if (held.some((entry) => entry.id === id)) lost.set(id, 'replaced');
      }
      for (const entry of held) {
        if (lost.has(entry.id)) presence.living.delete(entry.id);
        else presence.living.set(entry.id, entry);
      }
      await presence.write(view, changes, this.stateTtlMs);
      await this.database.commit(changes, { durable: false });
      const records = await Promise.all(channels.map((channel) => readInbox(view, user, channel, nowMs)));
      return {
        lasts: new Map(channels.map((channel, i) => [channel, records[i]?.last ?? BEGINNING])),
        lost,
      };
    });
  }

  /** Adds the message and what its inbox loses for it: the oldest, while they are too many, too large or too old. */
  private async store(
    view: View,
    changes: Changes,
    { to, channel, draft, receipt }: Append,
    offset: Offset,
    record: InboxRecord,
    nowMs: number,
  ): Promise<void> {
    const { inboxTtlMs } = this.config;
    const added: Place = { offset, n: record.n + 1, bytesBefore: record.bytes };
    const bytes = record.bytes + Buffer.byteLength(draft);
    const fits = ({ offset: place, n, bytesBefore }: Place): boolean =>
      added.n - n < this.config.inboxMaxLength &&
      bytes - bytesBefore <= this.config.inboxMaxBytes &&
      sentAtOf(place) >= nowMs - inboxTtlMs;
    const oldest = await this.trim(view, changes, to, channel, record, fits);

    changes.putText(keys.entry(to, channel, offset), printEntry({ ...added, prev: record.last, draft }));
    const next: InboxRecord = {
      ...record,
      until: renewed(record.until, this.stateTtlMs, nowMs),
      inboxUntil: renewed(record.inboxUntil, inboxTtlMs, nowMs),
      last: offset,
      n: added.n,
      bytes,
      oldest: oldest ?? added,
      ...(receipt && { asked: offset }),
    };
    const key = keys.state(to, channel);
    changes.putExpiring(key, next, record.until);
    if (next.inboxUntil !== record.inboxUntil) changes.noteDue(next.inboxUntil, key);
  }

  /** Removes the oldest until one fits, and returns that one. All of them where all have expired and still lie there. */
  private async trim(
    view: View,
    changes: Changes,
    user: UserId,
    channel: Channel,
    { oldest }: InboxRecord,
    fits: (place: Place) => boolean,
  ): Promise<Place | undefined> {
    if (oldest !== null && fits(oldest)) return oldest;
    if (oldest !== null) changes.delete(keys.entry(user, channel, oldest.offset));
    // Begun where the oldest was: before it lie only removed entries, which cost time until LevelDB has dropped them.
    const side = oldest === null ? {} : { after: oldest.offset };
    const removeDamaged = (key: string): unknown => changes.delete(key);
    for await (const { offset, n, bytesBefore } of entriesOf(view, user, channel, side, removeDamaged)) {
      const place = { offset, n, bytesBefore };
      if (oldest !== null && fits(place)) return place;
      changes.delete(keys.entry(user, channel, offset));
    }
    return undefined;
  }

  /** Where a connection's replay of a channel starts, and what it is told; `since` counts as an ack. */
  private async placeOf(
    view: View,
    changes: Changes,
    { userId, deviceId }: Registration,
    channel: Channel,
    since: Offset | undefined,
    nowMs: number,
  ): Promise<{ state: ChannelState; start: Offset; receipts: ReceiptDue[] }> {
    const record = await readInbox(view, userId, channel, nowMs);
    const delivered = deviceId === undefined ? undefined : deliveredOf(record, deviceId);
    // What the user has sent is for the other devices that keep it, by name.
    const isNothing = channel === SENT_CHANNEL && deviceId === undefined;
    const cursor = isNothing ? record.last : (delivered ?? record.read);
    const isClaimed =
      since !== undefined &&
      !isNothing &&
      isAfter(since, cursor) &&
      (await isInChain(view, userId, channel, record, since));
    const start = isClaimed ? since : cursor;
    const isKept = deviceId !== undefined && (delivered !== undefined || start === since);
    const { record: acked, receipts } = isClaimed
      ? await acknowledged(view, userId, channel, record, since)
      : { record, receipts: [] };
    const moved = isKept ? withDelivered(acked, deviceId, start, nowMs, MAX_DEVICE_CURSORS) : acked;
    if (moved !== record) {
      const until = renewed(record.until, this.stateTtlMs, nowMs);
      changes.putExpiring(keys.state(userId, channel), { ...moved, until }, record.until);
    }
    const { read, last } = record;
    return {
      state: { delivered: isKept ? start : BEGINNING, read, unread: unreadOf(channel, record), last },
      start: await placeOfCursor(view, userId, channel, record, start),
      receipts,
    };
  }
}

/**
 * The twin of `next_offset` in redis/lua/offset.lua: growing through an expired inbox and a clock set back, with a leap that
 * the message's random id decides, so that no message ever gets the place of one that was lost.
 */
function nextOffset(last: Offset, nowMs: number, id: MessageId): Offset {
  const lastMs = sentAtOf(last);
  const leap = Number.parseInt(id.slice(-5), 16);
  if (nowMs > lastMs) return `${nowMs}-${leap}` as Offset;
  return `${lastMs}-${Number(last.slice(last.indexOf('-') + 1)) + 1 + leap}` as Offset;
}

/**
 * A cursor may lie between two messages, for clients may name any offset. A feed follows the chain, so it starts
 * at the message before.
 */
async function placeOfCursor(
  view: View,
  user: UserId,
  channel: Channel,
  record: InboxRecord,
  cursor: Offset,
): Promise<Offset> {
  if (cursor === record.last) return cursor;
  const prev = await prevAfter(view, user, channel, record, cursor);
  return prev !== undefined && isAfter(cursor, prev) ? prev : cursor;
}

/**
 * Which of a user's connections must go: the newest of each device stays, and of the devices the newest `maxDevices`.
 * A connection without a device is one of its own.
 */
function surplusAmong(entries: readonly PresenceEntry[], maxDevices: number): PresenceEntry[] {
  const devices = new Set<string>();
  return entries.toSorted(newerFirst).filter(({ id, device = `/${id}` }) => {
    if (devices.has(device) || devices.size >= maxDevices) return true;
    devices.add(device);
    return false;
  });
}

function newerFirst(a: PresenceEntry, b: PresenceEntry): number {
  return b.since - a.since || (a.id > b.id ? -1 : 1);
}

function toRoutes(entries: Iterable<PresenceEntry>): Routes {
  const routes = new Map<NodeId, ConnectionId[]>();
  for (const { id, node } of entries) {
    const connections = routes.get(node);
    if (connections === undefined) routes.set(node, [id]);
    else connections.push(id);
  }
  return routes;
}
