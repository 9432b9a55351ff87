import { Injectable } from '@nestjs/common';
import { Config, stateTtlMsOf } from '../../config';
import {
  acknowledged,
  Changes,
  countedUpTo,
  deliveredOf,
  EmbeddedDatabase,
  entriesOf,
  entryUpTo,
  type InboxRecord,
  keys,
  readInbox,
  receiptsBetween,
  renewed,
  type StoredEntry,
  unreadOf,
  type View,
  withDelivered,
} from '../../embedded';
import type { Entry, Page } from '../../hub';
import {
  type Channel,
  completeDraft,
  type DeviceId,
  isAfter,
  type Offset,
  senderOfDraft,
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
import type { ReceiptDue, ReceiptState } from '../receipt';

@Injectable()
export class EmbeddedInboxStore extends InboxStore {
  private readonly stateTtlMs: number;

  constructor(
    private readonly database: EmbeddedDatabase,
    config: Config,
  ) {
    super();
    this.stateTtlMs = stateTtlMsOf(config);
  }

  override readAfter(user: UserId, channel: Channel, after: Offset): Promise<Page> {
    return this.database.look(async (view) => {
      const record = await this.read(view, user, channel);
      const stored = record.oldest === null ? [] : entriesOf(view, user, channel, { after });
      const { entries, more } = await fillPage(stored, MAX_PAGE_LENGTH);
      const end = entries.at(-1)?.offset;
      // The last ones can be missing, which the next read, of nothing, tells the feed.
      return { entries, more: more || (end !== undefined && end !== record.last), last: record.last };
    });
  }

  override readSlice(user: UserId, channel: Channel, range: Range, limit: number): Promise<Slice> {
    return this.database.look(async (view) => {
      const record = await this.read(view, user, channel);
      const side = range === 'unread' ? { after: record.read } : range;
      const stored = record.oldest === null ? [] : entriesOf(view, user, channel, side);
      return { ...(await fillPage(stored, limit)), from: 'before' in side ? side.before : side.after };
    });
  }

  override moveDelivered(
    user: UserId,
    channel: Channel,
    device: DeviceId | undefined,
    upTo: UpTo,
    sent?: Offset,
  ): Promise<{ delivered: Offset; receipts: ReceiptDue[] }> {
    return this.database.exclusively(user, async (view) => {
      const record = await this.read(view, user, channel);
      const bounded = await countedUpTo(view, user, channel, record, upTo, sent);
      const { record: acked, receipts } = await acknowledged(view, user, channel, record, bounded);
      const moved =
        device === undefined
          ? acked
          : withDelivered(acked, device, bounded, this.database.now(), MAX_DEVICE_CURSORS);
      if (moved !== record) await this.write(user, channel, moved);
      const delivered = device === undefined ? undefined : deliveredOf(moved, device);
      return { delivered: delivered ?? bounded, receipts };
    });
  }

  override moveRead(
    user: UserId,
    channel: Channel,
    upTo: UpTo,
    sent?: Offset,
  ): Promise<ReadState & { moved: boolean; receipts: ReceiptDue[] }> {
    return this.database.exclusively(user, async (view) => {
      const record = await this.read(view, user, channel);
      const bounded = await countedUpTo(view, user, channel, record, upTo, sent);
      if (!isAfter(bounded, record.read)) {
        return { read: record.read, unread: unreadOf(channel, record), moved: false, receipts: [] };
      }
      const readN = await numberUpTo(view, user, channel, bounded, record);
      const receipts = await receiptsBetween(view, user, channel, record, record.read, bounded);
      const moved = { ...record, read: bounded, readN };
      await this.write(user, channel, moved);
      return { read: bounded, unread: unreadOf(channel, moved), moved: true, receipts };
    });
  }

  override receiptStates(
    user: UserId,
    sender: UserId,
    messages: readonly { channel: Channel; offset: Offset }[],
  ): Promise<ReceiptState[]> {
    return this.database.look((view) =>
      Promise.all(
        messages.map(async ({ channel, offset }) => {
          const { oldest, read, acked } = await this.read(view, user, channel);
          const entry = oldest === null ? undefined : await entryUpTo(view, user, channel, offset);
          if (entry?.offset !== offset || senderOfDraft(entry.draft) !== sender) return null;
          if (!isAfter(offset, read)) return 'read';
          return isAfter(offset, acked) ? 'sent' : 'delivered';
        }),
      ),
    );
  }

  override summarise(user: UserId, channels: readonly Channel[]): Promise<InboxSummary[]> {
    return this.database.look((view) =>
      Promise.all(
        channels.map(async (channel) => {
          const record = await this.read(view, user, channel);
          return { read: record.read, unread: unreadOf(channel, record), last: record.last };
        }),
      ),
    );
  }

  private read(view: View, user: UserId, channel: Channel): Promise<InboxRecord> {
    return readInbox(view, user, channel, this.database.now());
  }

  private async write(user: UserId, channel: Channel, record: InboxRecord): Promise<void> {
    const until = renewed(record.until, this.stateTtlMs, this.database.now());
    const changes = new Changes().putExpiring(keys.state(user, channel), { ...record, until }, record.until);
    await this.database.commit(changes, { durable: true });
  }
}

/** Takes entries while they fit, in number and bytes; the first one always fits. */
async function fillPage(
  stored: AsyncIterable<StoredEntry> | StoredEntry[],
  limit: number,
): Promise<{ entries: Entry[]; more: boolean }> {
  const entries: Entry[] = [];
  let bytesLeft = MAX_PAGE_BYTES;
  for await (const { offset, prev, draft } of stored) {
    const json = completeDraft(draft, offset);
    const bytes = Buffer.byteLength(json);
    if (entries.length === limit || (entries.length > 0 && bytes > bytesLeft)) return { entries, more: true };
    entries.push({ offset, prev, json });
    bytesLeft -= bytes;
  }
  return { entries, more: false };
}

/** The number of the last message up to an offset; where all of those are gone, of the one before the oldest kept. */
async function numberUpTo(
  view: View,
  user: UserId,
  channel: Channel,
  offset: Offset,
  { oldest, n }: InboxRecord,
): Promise<number> {
  if (oldest === null) return n;
  return (await entryUpTo(view, user, channel, offset))?.n ?? oldest.n - 1;
}
