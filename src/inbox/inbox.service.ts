import { Injectable } from '@nestjs/common';
import { Config } from '../config';
import { LookRate } from '../limits';
import {
  BeelineError,
  type Channel,
  type ConnectionId,
  type DeviceId,
  laterOf,
  type Offset,
  parseMessage,
  SENT_CHANNEL,
  type UpTo,
  type UserId,
} from '../shared';
import type { PulledPage } from './dto/inbox.dto';
import { AckMerger } from './ack-merger';
import { InboxStore, type InboxSummary, type Range, type ReadState } from './inbox-store.port';
import type { ReceiptDue, ReceiptState } from './receipt';

/** A connection that acks: for its named device, or for itself, with a cursor that lives as long as it does. */
export interface Acker {
  readonly id: ConnectionId;
  readonly userId: UserId;
  readonly deviceId: DeviceId | undefined;
  /** The last message that it was sent in any way: it can't have stored or read more. */
  sentUpTo(channel: Channel): Offset;
}

/** What others on this node do where a cursor has moved; never on the way of the answer. */
export interface CursorListener {
  onDelivered(user: UserId, channel: Channel, receipts: readonly ReceiptDue[]): void;
  /** `mover`: the connection that moved it, undefined where it was not one of a connection. */
  onRead(
    user: UserId,
    channel: Channel,
    state: ReadState,
    receipts: readonly ReceiptDue[],
    mover: ConnectionId | undefined,
  ): void;
}

/** Reading inboxes and moving cursors, for both doors. */
@Injectable()
export class InboxService {
  /** The configured channels and `sent`. */
  readonly channels: readonly Channel[];
  private readonly known: ReadonlySet<Channel>;
  private readonly merger = new AckMerger();
  private readonly listeners: CursorListener[] = [];
  private readonly unnamedCursors = new WeakMap<Acker, Map<Channel, Offset>>();

  constructor(
    config: Config,
    private readonly store: InboxStore,
    private readonly rate: LookRate,
  ) {
    this.channels = [...config.channels, SENT_CHANNEL];
    this.known = new Set(this.channels);
  }

  listen(listener: CursorListener): void {
    this.listeners.push(listener);
  }

  /** `not_found` for a channel that is not configured. */
  requireChannel(channel: Channel): void {
    if (!this.known.has(channel)) throw new BeelineError('not_found', 'there is no such channel');
  }

  async pull(user: UserId, channel: Channel, range: Range, limit: number): Promise<PulledPage> {
    this.requireChannel(channel);
    this.rate.spend(user, 1);
    const { entries, from, more } = await this.store.readSlice(user, channel, range, limit);
    this.rate.charge(
      user,
      entries.reduce((bytes, { json }) => bytes + json.length, 0),
    );
    return {
      messages: entries.map(({ json }) => parseMessage(json)),
      next: entries.at(-1)?.offset ?? from,
      more,
    };
  }

  async summarise(user: UserId): Promise<Record<string, InboxSummary>> {
    this.rate.spend(user, this.channels.length);
    const summaries = await this.store.summarise(user, this.channels);
    return Object.fromEntries(this.channels.map((channel, i) => [channel, summaries[i] as InboxSummary]));
  }

  /** `mover`: the connection that says so, where it is one. */
  async read(user: UserId, channel: Channel, upTo: UpTo, mover?: Acker): Promise<ReadState> {
    this.requireChannel(channel);
    const sent = mover?.sentUpTo(channel);
    const { read, unread, moved, receipts } = await this.store.moveRead(user, channel, upTo, sent);
    const state = { read, unread };
    if (moved)
      for (const listener of this.listeners) listener.onRead(user, channel, state, receipts, mover?.id);
    return state;
  }

  /** An ack of a named device, from outside a connection. */
  async ackDevice(user: UserId, channel: Channel, device: DeviceId, upTo: UpTo): Promise<Offset> {
    this.requireChannel(channel);
    return this.moveDelivered(user, channel, device, upTo, undefined);
  }

  /** An ack on a connection: merged with others that come while one is being written. */
  async ack(acker: Acker, channel: Channel, upTo: UpTo): Promise<Offset> {
    this.requireChannel(channel);
    const cursor = await this.merger.ack(`${acker.id}/${channel}`, upTo, (furthest) =>
      this.moveDelivered(acker.userId, channel, acker.deviceId, furthest, acker.sentUpTo(channel)),
    );
    return acker.deviceId === undefined ? this.moveUnnamed(acker, channel, cursor) : cursor;
  }

  /** Passes on the receipts that an ack made due, whoever wrote it. */
  tellDelivered(user: UserId, channel: Channel, receipts: readonly ReceiptDue[]): void {
    if (receipts.length === 0) return;
    for (const listener of this.listeners) listener.onDelivered(user, channel, receipts);
  }

  receiptStates(
    user: UserId,
    sender: UserId,
    messages: readonly { channel: Channel; offset: Offset }[],
  ): Promise<ReceiptState[]> {
    for (const { channel } of messages) this.requireChannel(channel);
    return this.store.receiptStates(user, sender, messages);
  }

  private async moveDelivered(
    user: UserId,
    channel: Channel,
    device: DeviceId | undefined,
    upTo: UpTo,
    sent: Offset | undefined,
  ): Promise<Offset> {
    const { delivered, receipts } = await this.store.moveDelivered(user, channel, device, upTo, sent);
    this.tellDelivered(user, channel, receipts);
    return delivered;
  }

  private moveUnnamed(acker: Acker, channel: Channel, offset: Offset): Offset {
    const cursors = this.unnamedCursors.get(acker) ?? new Map<Channel, Offset>();
    const cursor = laterOf(cursors.get(channel) ?? offset, offset);
    this.unnamedCursors.set(acker, cursors.set(channel, cursor));
    return cursor;
  }
}
