import type {
  Channel,
  ClientId,
  ConnectionId,
  DeviceId,
  DraftJson,
  MessageId,
  NodeId,
  Offset,
  UserId,
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
  /** Older connections of the same device, no longer registered, to be ended. */
  replaced: Routes;
}

export interface HeldConnection {
  connectionId: ConnectionId;
  deviceId: DeviceId | undefined;
  since: number;
}

export interface Swept {
  lasts: ReadonlyMap<Channel, Offset>;
  /** Held here, but a newer connection of the same device is registered. */
  lost: ConnectionId[];
}

/**
 * What spans a user's inbox and presence, and must be one step with both. Each method is atomic for its user:
 * whoever registers sees every append before it, and every append after it sees whoever has registered.
 * `dead` names nodes whose connections count for nothing.
 */
export abstract class Mailbox {
  /**
   * Append-and-route: stores once per sender, receiver, channel and client id (within the dedupe window), gives
   * the next offset, keeps the inbox within its bounds, and tells where the receiver is.
   */
  abstract append(append: Append, dead: readonly NodeId[]): Promise<Appended>;

  /** Registers a connection and replaces older ones of the same device. It counts until 2.5 sweeps have passed. */
  abstract register(registration: Registration, dead: readonly NodeId[]): Promise<Registered>;

  /** Removes connections that are registered on that node. Unknown ones are fine. */
  abstract unregister(
    user: UserId,
    node: NodeId,
    connections: readonly ConnectionId[],
    dead: readonly NodeId[],
  ): Promise<void>;

  /** Renews what a node holds of a user, writes again what is missing, and tells what has been lost or has grown. */
  abstract sweep(
    user: UserId,
    node: NodeId,
    connections: readonly HeldConnection[],
    channels: readonly Channel[],
    dead: readonly NodeId[],
  ): Promise<Swept>;
}
