import { Injectable } from '@nestjs/common';
import { Config } from '../config';
import {
  BeelineError,
  type Channel,
  type ConnectionId,
  type DeviceId,
  laterOf,
  type Message,
  type Offset,
  parseMessage,
  SENT_CHANNEL,
  type UserId,
} from '../shared';
import { AckMerger } from './ack-merger';
import { InboxStore, type InboxSummary, type Range, type ReadState } from './inbox-store.port';

export interface PulledPage {
  messages: Message[];
  /** The offset of the last message returned, or what was passed. */
  next: Offset;
  more: boolean;
}

/** Who acks: a device by its name, or a connection whose device has none and whose cursor lives as long as it does. */
export interface Acker {
  userId: UserId;
  deviceId: DeviceId | undefined;
  connectionId: ConnectionId;
}

/** Reading inboxes and moving cursors, for both doors. */
@Injectable()
export class InboxService {
  /** The configured channels and `sent`. */
  readonly channels: readonly Channel[];
  private readonly known: ReadonlySet<Channel>;
  private readonly merger = new AckMerger();
  private readonly unnamedCursors = new Map<string, Offset>();

  constructor(
    config: Config,
    private readonly store: InboxStore,
  ) {
    this.channels = [...config.channels, SENT_CHANNEL];
    this.known = new Set(this.channels);
  }

  /** `not_found` for a channel that is not configured. */
  requireChannel(channel: Channel): void {
    if (!this.known.has(channel)) throw new BeelineError('not_found', 'there is no such channel');
  }

  async pull(user: UserId, channel: Channel, range: Range, limit: number): Promise<PulledPage> {
    this.requireChannel(channel);
    const { entries, from, more } = await this.store.readSlice(user, channel, range, limit);
    return {
      messages: entries.map(({ json }) => parseMessage(json)),
      next: entries.at(-1)?.offset ?? from,
      more,
    };
  }

  async summarise(user: UserId): Promise<Record<string, InboxSummary>> {
    const summaries = await this.store.summarise(user, this.channels);
    return Object.fromEntries(this.channels.map((channel, i) => [channel, summaries[i] as InboxSummary]));
  }

  async read(user: UserId, channel: Channel, offset: Offset): Promise<ReadState> {
    this.requireChannel(channel);
    const { read, unread } = await this.store.moveRead(user, channel, offset);
    return { read, unread };
  }

  /** An ack of a named device, from outside a connection. */
  async ackDevice(user: UserId, channel: Channel, device: DeviceId, offset: Offset): Promise<Offset> {
    this.requireChannel(channel);
    return this.store.moveDelivered(user, channel, device, offset);
  }

  /** An ack on a connection: merged with others that come while one is being written. */
  async ack(acker: Acker, channel: Channel, offset: Offset): Promise<Offset> {
    this.requireChannel(channel);
    const key = unnamedKey(acker.connectionId, channel);
    const cursor = await this.merger.ack(key, offset, (greatest) =>
      this.store.moveDelivered(acker.userId, channel, acker.deviceId, greatest),
    );
    return acker.deviceId === undefined ? this.moveUnnamed(key, cursor) : cursor;
  }

  /** Forgets what was kept for a connection without a named device. */
  forget(connection: ConnectionId): void {
    for (const channel of this.channels) this.unnamedCursors.delete(unnamedKey(connection, channel));
  }

  private moveUnnamed(key: string, offset: Offset): Offset {
    const cursor = laterOf(this.unnamedCursors.get(key) ?? offset, offset);
    this.unnamedCursors.set(key, cursor);
    return cursor;
  }
}

function unnamedKey(connection: ConnectionId, channel: Channel): string {
  return `${connection}/${channel}`;
}
