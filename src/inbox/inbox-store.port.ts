import { type Entry, FeedSource } from '../hub';
import type { Channel, DeviceId, Offset, UpTo, UserId } from '../shared';
import type { ReceiptDue, ReceiptState } from './receipt';

/** Which part of an inbox: after an offset, before one, or what is unread (after the read cursor). */
export type Range = { after: Offset } | { before: Offset } | 'unread';

export interface Slice {
  /** Oldest first; newest first where the range was `before`. */
  entries: Entry[];
  /** What was passed, or the read cursor where the range was `unread`. */
  from: Offset;
  more: boolean;
}

/** A user's read cursor and what lies after it. */
export interface ReadState {
  read: Offset;
  unread: number;
}

export interface InboxSummary extends ReadState {
  last: Offset;
}

/** At most this many devices of a user have a delivered cursor on a channel; the longest unused goes. */
export const MAX_DEVICE_CURSORS = 50;
/** A page ends here, in bytes of message JSON; one message always fits. */
export const MAX_PAGE_BYTES = 262_144;
/** A page ends here, in messages. */
export const MAX_PAGE_LENGTH = 200;

/**
 * Reading of inboxes, and their cursors. Each call is atomic. Cursors only go forward, and never beyond the
 * last message; they outlive the messages they point at, and are gone twice the inbox's time to live after the last use.
 */
export abstract class InboxStore extends FeedSource {
  abstract readSlice(user: UserId, channel: Channel, range: Range, limit: number): Promise<Slice>;

  /**
   * The device has stored everything up to `upTo`. Returns its cursor. For a device without a name nothing is kept: what
   * comes back is how far it counts. Receipts are due for what no device had stored.
   *
   * An offset at which this log never had a message counts at most up to `sent`, the last that the connection that says so
   * was sent, and for nothing where the log never had that either. Without a connection it counts as it is, beyond the last as the last.
   */
  abstract moveDelivered(
    user: UserId,
    channel: Channel,
    device: DeviceId | undefined,
    upTo: UpTo,
    sent?: Offset,
  ): Promise<{ delivered: Offset; receipts: ReceiptDue[] }>;

  /** The user has read everything up to `upTo`, by the same rule. `moved` is false where that was known. */
  abstract moveRead(
    user: UserId,
    channel: Channel,
    upTo: UpTo,
    sent?: Offset,
  ): Promise<ReadState & { moved: boolean; receipts: ReceiptDue[] }>;

  /** How far messages of `sender` to `user` have come, in their order. Delivered: to the furthest device. */
  abstract receiptStates(
    user: UserId,
    sender: UserId,
    messages: readonly { channel: Channel; offset: Offset }[],
  ): Promise<ReceiptState[]>;

  /** In the order of `channels`. */
  abstract summarise(user: UserId, channels: readonly Channel[]): Promise<InboxSummary[]>;
}
