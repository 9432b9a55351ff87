import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { Config, stateTtlMsOf } from '../../config';
import type { Entry, Page } from '../../hub';
import { CommandRedis, Keys, type Reply, Script } from '../../redis';
import {
  type Channel,
  completeDraft,
  type DeviceId,
  type DraftJson,
  type Offset,
  type UpTo,
  type UserId,
} from '../../shared';
import {
  InboxStore,
  type InboxSummary,
  MAX_DEVICE_CURSORS,
  MAX_PAGE_BYTES,
  MAX_PAGE_LENGTH,
  type Range,
  type ReadState,
  type Slice,
} from '../inbox-store.port';
import { type ReceiptDue, type ReceiptState, toReceiptsDue } from '../receipt';

const LUA = join(__dirname, '../lua');
const READ_PAGE = new Script(join(LUA, 'read-page-2.lua'));
const MOVE_DELIVERED = new Script(join(LUA, 'move-delivered-2.lua'));
const MOVE_READ = new Script(join(LUA, 'move-read-2.lua'));
const READ_RECEIPTS = new Script(join(LUA, 'read-receipts-1n.lua'));
const READ_SUMMARY = new Script(join(LUA, 'read-summary-1n.lua'));

@Injectable()
export class RedisInboxStore extends InboxStore {
  private readonly stateTtlMs: number;

  constructor(
    private readonly redis: CommandRedis,
    private readonly keys: Keys,
    config: Config,
  ) {
    super();
    this.stateTtlMs = stateTtlMsOf(config);
  }

  override async readAfter(user: UserId, channel: Channel, after: Offset): Promise<Page> {
    const [last, , more, ...flat] = await this.readPage(user, channel, 'after', after, MAX_PAGE_LENGTH);
    return { entries: toEntries(flat), last: last as Offset, more: more === 1 };
  }

  override async readSlice(user: UserId, channel: Channel, range: Range, limit: number): Promise<Slice> {
    const isBefore = range !== 'unread' && 'before' in range;
    const offset = range === 'unread' ? '' : isBefore ? range.before : range.after;
    const reply = await this.readPage(user, channel, isBefore ? 'before' : 'after', offset, limit);
    const [, from, more, ...flat] = reply;
    return { entries: toEntries(flat), from: from as Offset, more: more === 1 };
  }

  override async moveDelivered(
    user: UserId,
    channel: Channel,
    device: DeviceId | undefined,
    upTo: UpTo,
    sent?: Offset,
  ): Promise<{ delivered: Offset; receipts: ReceiptDue[] }> {
    const args = [channel, device ?? '', upTo, MAX_DEVICE_CURSORS, this.stateTtlMs, sent ?? ''];
    const reply = await this.redis.run(MOVE_DELIVERED, this.keysOf(user, channel), args);
    const [delivered, ...due] = reply as [Offset, ...string[]];
    return { delivered, receipts: toReceiptsDue(due) };
  }

  override async moveRead(
    user: UserId,
    channel: Channel,
    upTo: UpTo,
    sent?: Offset,
  ): Promise<ReadState & { moved: boolean; receipts: ReceiptDue[] }> {
    const args = [channel, upTo, this.stateTtlMs, sent ?? ''];
    const reply = await this.redis.run(MOVE_READ, this.keysOf(user, channel), args);
    const [read, unread, moved, ...due] = reply as [Offset, number, number, ...string[]];
    return { read, unread, moved: moved === 1, receipts: toReceiptsDue(due) };
  }

  override async receiptStates(
    user: UserId,
    sender: UserId,
    messages: readonly { channel: Channel; offset: Offset }[],
  ): Promise<ReceiptState[]> {
    const keys = [this.keys.state(user), ...messages.map(({ channel }) => this.keys.inbox(user, channel))];
    const args = [sender, ...messages.flatMap(({ channel, offset }) => [channel, offset])];
    const states = (await this.redis.run(READ_RECEIPTS, keys, args)) as string[];
    return states.map((state) => (state === '' ? null : (state as ReceiptState)));
  }

  override async summarise(user: UserId, channels: readonly Channel[]): Promise<InboxSummary[]> {
    const keys = [this.keys.state(user), ...channels.map((channel) => this.keys.inbox(user, channel))];
    const reply = (await this.redis.run(READ_SUMMARY, keys, channels)) as Reply[];
    return channels.map((_channel, i) => {
      const [read, unread, last] = reply.slice(3 * i, 3 * i + 3) as [Offset, number, Offset];
      return { read, unread, last };
    });
  }

  private async readPage(
    user: UserId,
    channel: Channel,
    direction: 'after' | 'before',
    offset: Offset | '',
    limit: number,
  ): Promise<Reply[]> {
    return (await this.redis.run(READ_PAGE, this.keysOf(user, channel), [
      channel,
      direction,
      offset,
      limit,
      MAX_PAGE_BYTES,
    ])) as Reply[];
  }

  private keysOf(user: UserId, channel: Channel): string[] {
    return [this.keys.inbox(user, channel), this.keys.state(user)];
  }
}

/** Triples of offset, prev and draft, as the script returns them. */
function toEntries(flat: Reply[]): Entry[] {
  const entries: Entry[] = [];
  for (let i = 0; i + 2 < flat.length; i += 3) {
    const [offset, prev, draft] = flat.slice(i, i + 3) as [Offset, Offset, DraftJson];
    entries.push({ offset, prev, json: completeDraft(draft, offset) });
  }
  return entries;
}
