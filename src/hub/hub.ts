import { Injectable } from '@nestjs/common';
import pLimit from 'p-limit';
import { Config } from '../config';
import { Logger } from '../logging';
import { type CatchUpCause, Metrics } from '../metrics';
import {
  type Channel,
  type ConnectionId,
  monotonicMs,
  type Offset,
  sentAtOf,
  StoreClock,
  type UserId,
} from '../shared';
import type { Connection, EndReason, Notice } from './connection';
import type { Offered, Page } from './entry';
import type { Feed, FeedOutput } from './feed';
import { FeedSource } from './feed-source.port';
import { RetryLine } from './retry-line';
import { Rotation } from './rotation';

/** Pages that are read for feeds at the same time: everybody's replay at once must not hold up the sends. */
const MAX_READS_AT_ONCE = 32;

/** Where the feeds of a connection begin, and the last offset of each inbox at the same instant. */
export interface Places {
  positions: ReadonlyMap<Channel, Offset>;
  channels: ReadonlyMap<Channel, { last: Offset }>;
}

/** A feed, and where it stands. */
interface Reader {
  connection: Connection;
  channel: Channel;
}

/** The connections of this node, by user, and the running of their feeds. */
@Injectable()
export class Hub {
  private readonly byUser = new Map<UserId, Map<ConnectionId, Connection>>();
  /** Whose turn it is to be compared with the store. */
  readonly rotation = new Rotation<UserId>();
  private source: FeedSource | undefined;
  private count = 0;
  private readonly limitReads = pLimit(MAX_READS_AT_ONCE);
  /** Feeds that are being read for, or wait for their turn. */
  private readonly reading = new Set<Feed>();
  private readonly failed = new Map<Feed, Reader>();
  private readonly retries = new RetryLine<Feed>((feed) => this.retry(feed));

  constructor(
    private readonly config: Config,
    private readonly clock: StoreClock,
    private readonly logger: Logger,
    private readonly metrics: Metrics,
  ) {
    metrics.connections.from(() => this.count);
    metrics.sweepInterval.from(() => config.sweepIntervalMs / 1000);
    metrics.oldestSweep.from(() => this.rotation.oldestServedMs(monotonicMs()) / 1000);
    metrics.laggingConnections.from(() => this.all().filter(({ isLagging }) => isLagging).length);
  }

  /** Where feeds read: given by the module that has the inbox, which lies above this one. */
  useSource(source: FeedSource): void {
    this.source = source;
  }

  get size(): number {
    return this.count;
  }

  add(connection: Connection): void {
    let connections = this.byUser.get(connection.userId);
    if (connections === undefined) {
      connections = new Map();
      this.byUser.set(connection.userId, connections);
      this.rotation.join(connection.userId, monotonicMs());
    }
    connections.set(connection.id, connection);
    this.count += 1;
  }

  /** Returns whether it was here. */
  remove(connection: Connection): boolean {
    const connections = this.byUser.get(connection.userId);
    if (!connections?.delete(connection.id)) return false;
    for (const feed of connection.feeds.values()) {
      this.failed.delete(feed);
      this.retries.forget(feed);
    }
    if (connections.size === 0) {
      this.byUser.delete(connection.userId);
      this.rotation.leave(connection.userId);
    }
    this.count -= 1;
    return true;
  }

  connectionsOf(user: UserId): Connection[] {
    return [...(this.byUser.get(user)?.values() ?? [])];
  }

  all(): Connection[] {
    return [...this.byUser.values()].flatMap((connections) => [...connections.values()]);
  }

  has(user: UserId, id: ConnectionId): boolean {
    return this.byUser.get(user)?.has(id) ?? false;
  }

  /** Hands word of a message to every connection of the user that is here. */
  offer(user: UserId, channel: Channel, offered: Offered): void {
    for (const connection of this.byUser.get(user)?.values() ?? []) {
      const feed = connection.feeds.get(channel);
      if (feed === undefined) continue;
      const wasReading = feed.wantsRead;
      const entry = feed.offer(offered);
      if (entry !== undefined) {
        connection.outlet.pushMessage(entry.json);
        this.metrics.delivery.observe(Math.max(0, this.clock.now() - sentAtOf(entry.offset)) / 1000);
        this.checkBuffer(connection);
      }
      if (feed.wantsRead && !wasReading) this.metrics.catchUps.inc('gap');
      this.run(connection, channel, feed);
    }
  }

  /** Starts the replay of a connection that has been registered and greeted. */
  start(connection: Connection, { positions, channels }: Places): void {
    for (const [channel, feed] of connection.feeds) {
      const [position, state] = [positions.get(channel), channels.get(channel)];
      if (position === undefined || state === undefined) continue;
      for (const output of feed.begin(position, state.last)) this.apply(connection, channel, output);
      this.run(connection, channel, feed);
    }
  }

  /** Compares the feeds of a user with the last offsets that a sweep found; those behind catch up. */
  compare(user: UserId, lasts: ReadonlyMap<Channel, Offset>, cause: CatchUpCause): void {
    for (const connection of this.connectionsOf(user)) {
      for (const [channel, feed] of connection.feeds) {
        const last = lasts.get(channel);
        const wasReading = feed.wantsRead;
        if (last !== undefined) feed.compare(last);
        if (feed.wantsRead && !wasReading) this.metrics.catchUps.inc(cause);
        this.run(connection, channel, feed);
      }
    }
  }

  /** The transport of a connection has drained: feeds that lagged go on. */
  drained(connection: Connection): void {
    if (!connection.isLagging) return;
    connection.isLagging = false;
    for (const [channel, feed] of connection.feeds) {
      if (feed.isLagging) this.metrics.catchUps.inc('lagging');
      feed.resume();
      this.run(connection, channel, feed);
    }
  }

  /** Tells every connection of a user that is here, or those that are named. */
  notify(user: UserId, notice: Notice, ids?: readonly ConnectionId[]): void {
    for (const connection of this.byUser.get(user)?.values() ?? []) {
      if (ids === undefined || ids.includes(connection.id)) tell(connection, notice);
    }
  }

  end(user: UserId, id: ConnectionId, reason: EndReason): void {
    this.byUser.get(user)?.get(id)?.outlet.end(reason);
  }

  /** Ends the user's connections of the logins that are meant. */
  endLogins(user: UserId, isMeant: (loginId: string | undefined) => boolean): void {
    for (const { grant, outlet } of this.connectionsOf(user)) {
      if (isMeant(grant.loginId)) outlet.end('revoked');
    }
  }

  /** Ends the connections whose token has run out. */
  endExpired(nowMs: number): void {
    const expired = this.all().filter(({ grant }) => grant.expiresAt <= nowMs);
    for (const { outlet } of expired) outlet.end('token_expired');
  }

  /** Reads for a feed while it wants to be read for; one read of a feed is under way at a time. */
  private run(connection: Connection, channel: Channel, feed: Feed): void {
    if (!feed.wantsRead || this.reading.has(feed)) return;
    this.reading.add(feed);
    void this.readOn(connection, channel, feed).finally(() => this.reading.delete(feed));
  }

  private async readOn(connection: Connection, channel: Channel, feed: Feed): Promise<void> {
    let hasRead = false;
    while (this.mayRead(connection, feed)) {
      try {
        await this.limitReads(() => this.readPage(connection, channel, feed));
        hasRead = true;
      } catch (err) {
        feed.dropRead();
        this.noteFailure(connection, channel, feed, err);
        return;
      }
    }
    this.failed.delete(feed);
    if (hasRead) this.retries.succeeded(feed);
    else this.retries.forget(feed);
  }

  /** One line for all that fail at the same time. */
  private noteFailure(connection: Connection, channel: Channel, feed: Feed, err: unknown): void {
    const { userId, id: connectionId } = connection;
    if (this.retries.isEmpty)
      this.logger.warn({ err, userId, connectionId, channel }, 'feed not read: it is tried again');
    this.failed.set(feed, { connection, channel });
    this.retries.failed(feed);
  }

  private retry(feed: Feed): void {
    const reader = this.failed.get(feed);
    // Where somebody has set it reading meanwhile, that read tells how it went.
    if (this.reading.has(feed)) return;
    if (reader !== undefined && this.mayRead(reader.connection, feed)) {
      this.run(reader.connection, reader.channel, feed);
    } else {
      this.failed.delete(feed);
      this.retries.forget(feed);
    }
  }

  private mayRead(connection: Connection, feed: Feed): boolean {
    return feed.wantsRead && this.has(connection.userId, connection.id);
  }

  /** Asked again when its turn has come: another call may have begun, or the connection may be gone. */
  private async readPage(connection: Connection, channel: Channel, feed: Feed): Promise<void> {
    if (!this.mayRead(connection, feed)) return;
    const after = feed.startRead();
    const page = await this.requireSource().readAfter(connection.userId, channel, after);
    this.take(connection, channel, feed, page);
  }

  /**
   * Pushes a page message by message while the transport takes them. Pages of several feeds come at once, and each can
   * be larger than the buffer may be: what does not go in any more is read again when the transport has drained.
   */
  private take(connection: Connection, channel: Channel, feed: Feed, { entries, last, more }: Page): void {
    const parts = entries.length === 0 ? [[]] : entries.map((entry) => [entry]);
    for (const [i, part] of parts.entries()) {
      if (feed.isLagging) return feed.dropRead();
      const outputs = feed.accept({ entries: part, last, more: more || i < parts.length - 1 });
      for (const output of outputs) this.apply(connection, channel, output);
      this.checkBuffer(connection);
    }
  }

  private apply({ outlet }: Connection, channel: Channel, output: FeedOutput): void {
    switch (output.kind) {
      case 'message':
        outlet.pushMessage(output.entry.json);
        break;
      case 'truncated':
        outlet.sendTruncated(channel, output.since, output.oldest);
        break;
      case 'synced':
        outlet.sendSynced(channel, output.offset, output.count);
        this.metrics.replays.inc();
        this.metrics.replayedMessages.observe(output.count);
        break;
      case 'reset':
        outlet.end('resync');
        break;
    }
  }

  private checkBuffer(connection: Connection): void {
    if (connection.outlet.bufferedBytes() <= this.config.maxBufferedBytes) return;
    connection.isLagging = true;
    for (const feed of connection.feeds.values()) feed.lag();
  }

  private requireSource(): FeedSource {
    if (this.source === undefined) throw new Error('the hub has no source to read from');
    return this.source;
  }
}

/** Hints that are no use late, and could be many: not for a connection that does not keep up. */
const PASSING = new Set<Notice['event']>(['typing', 'receipt']);

export function tell(connection: Connection, notice: Notice): void {
  if (!connection.isLagging || !PASSING.has(notice.event)) connection.outlet.notify(notice);
}
