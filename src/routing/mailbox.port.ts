import type { Config } from '../config';
import type { Grant } from '../hub';
import type { ReceiptDue } from '../inbox';
import {
  BeelineError,
  type Channel,
  type ClientId,
  type ConnectionId,
  type DeviceId,
  type DraftJson,
  type MessageId,
  type NodeId,
  type Offset,
  type UserId,
} from '../shared';

/** Where a user's connections are. */
export type Routes = ReadonlyMap<NodeId, ConnectionId[]>;

export interface Append {
  to: UserId;
  channel: Channel;
  from: UserId;
  id: MessageId;
  /** The idempotency key; where there is none, the message id stands in, so that the call is safe to repeat. */
  clientId: ClientId | undefined;
  draft: DraftJson;
  /** Whether a receiver without a local account is `not_found`. */
  needsAccount: boolean;
  /** Whether a receiver may have blocked the sender: `forbidden`. */
  heedsBlocks: boolean;
  /** Whether the sender asks for receipts. */
  receipt: boolean;
}

export interface Appended {
  /** The first message's, where this one was a repeat. */
  id: MessageId;
  offset: Offset;
  /** The offset of the message before it; undefined for a repeat, which stored nothing. */
  prev: Offset | undefined;
  routes: Routes;
}

export interface Registration {
  userId: UserId;
  connectionId: ConnectionId;
  nodeId: NodeId;
  deviceId: DeviceId | undefined;
  grant: Grant;
  channels: readonly Channel[];
  /** Up to where the device says it has stored, per channel: an ack carried in the handshake. */
  since: ReadonlyMap<Channel, Offset>;
}

/** A user's place in one inbox as a connection is told it. */
export interface ChannelState {
  delivered: Offset;
  read: Offset;
  unread: number;
  last: Offset;
}

export interface Registered {
  /** The connection's place among those of its device: the later one stays. Ms by the store. */
  since: number;
  channels: ReadonlyMap<Channel, ChannelState>;
  /** Where the replay of each channel starts. */
  positions: ReadonlyMap<Channel, Offset>;
  /** Connections whose place this one has taken, no longer registered, to be ended. */
  replaced: Routes;
  /** Nodes that want to know that the user is here. */
  watchers: NodeId[];
  /** Receipts that `since` makes due. */
  receipts: ReadonlyMap<Channel, ReceiptDue[]>;
}

/** The user is connected elsewhere, by these. */
export interface Conflict {
  refused: 'conflict';
  rivals: Routes;
}

/** Why a connection is not registered: its token is revoked, or another device is connected and the policy says no. */
export type Refused = { refused: 'revoked' } | Conflict;

export interface HeldConnection {
  connectionId: ConnectionId;
  deviceId: DeviceId | undefined;
  grant: Grant;
  since: number;
}

/** Why a connection that is held has no place any more. */
export type LostReason = 'replaced' | 'revoked';

export interface Swept {
  lasts: ReadonlyMap<Channel, Offset>;
  /** Held here, but newer connections stand in its place, or its token has been revoked. */
  lost: ReadonlyMap<ConnectionId, LostReason>;
}

/** Devices that a user may have connected at a time: the other two policies allow one. */
export function maxDevicesOf({ sessionPolicy, maxDevicesPerUser }: Config): number {
  return sessionPolicy === 'multiple' ? maxDevicesPerUser : 1;
}

/**
 * What spans a user's inbox and presence, and must be one step with both. Each method is atomic for its user:
 * whoever registers sees every append before it, and every append after it sees whoever has registered.
 * `dead` names nodes whose connections count for nothing.
 */
export abstract class Mailbox {
  /**
   * Append-and-route: stores once per sender, receiver, channel and client id (within the dedupe window), gives
   * the next offset, keeps the inbox within its bounds, and tells where the receiver is. What one sender sends to one
   * inbox is stored in the order in which it is asked for, whatever is tried again on the way. `not_found` where an
   * account is needed and there is none.
   */
  abstract append(append: Append, dead: readonly NodeId[]): Promise<Appended>;

  /**
   * Registers a connection, by the session policy: older ones of the same device, and those that are too many, are
   * replaced. It counts until 2.5 sweeps have passed. Of two at the same instant the policy sees one first.
   */
  abstract register(registration: Registration, dead: readonly NodeId[]): Promise<Registered | Refused>;

  /** Removes connections that are registered on that node, unknown ones are fine. Returns who watches the user. */
  abstract unregister(
    user: UserId,
    node: NodeId,
    connections: readonly ConnectionId[],
    dead: readonly NodeId[],
  ): Promise<NodeId[]>;

  /** Where a user is. */
  abstract locate(user: UserId, dead: readonly NodeId[]): Promise<Routes>;

  /** Renews what a node holds of a user, writes again what is missing, and tells what has been lost or has grown. */
  abstract sweep(
    user: UserId,
    node: NodeId,
    connections: readonly HeldConnection[],
    channels: readonly Channel[],
    dead: readonly NodeId[],
  ): Promise<Swept>;
}

export function blockedError(): BeelineError {
  return new BeelineError('forbidden', 'this user can not be written to');
}
