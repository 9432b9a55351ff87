import {
  BEGINNING,
  type Channel,
  type ConnectionId,
  type DeviceId,
  laterOf,
  type MessageJson,
  type Offset,
  type UserId,
} from '../shared';
import { Feed } from './feed';

/** Why the server ends a connection, and what the client should do about it. */
export type EndReason = 'replaced' | 'revoked' | 'token_expired' | 'evicted' | 'draining' | 'resync';

/** What a connection's token allows, and for how long. */
export interface Grant {
  scopes: ReadonlySet<string>;
  /** The login that the token belongs to, where it names one. */
  loginId: string | undefined;
  /** Unix ms, by whoever signed it. */
  issuedAt: number;
  /** Unix ms, to be held against the store's clock. */
  expiresAt: number;
}

/** What a connection is told besides messages: not stored for it, and not repeated. */
export type Notice =
  | { event: 'inbox:read'; payload: { channel: Channel; read: Offset; unread: number } }
  | {
      event: 'presence';
      payload: { userId: UserId; online: boolean; devices: number; lastSeen: number | null };
    }
  | {
      event: 'receipt';
      payload: { channel: Channel; peer: UserId; state: 'delivered' | 'read'; offset: Offset };
    }
  | { event: 'typing'; payload: { from: UserId; channel: Channel; typing: boolean } };

/** The way to a client, as the gateway offers it. */
export interface Outlet {
  /** Sends one message, its JSON as it is. */
  pushMessage(json: MessageJson): void;
  sendTruncated(channel: Channel, since: Offset, oldest: Offset | null): void;
  sendSynced(channel: Channel, offset: Offset, count: number): void;
  notify(notice: Notice): void;
  /** Says why, where the contract has a word for it, and ends the connection. */
  end(reason: EndReason, retryAfterMs?: number): void;
  /**
   * For a node that goes: says so, answers what is under way, ends the connection. Resolves when it has been closed from
   * our side, which is at the latest after `withinMs`.
   */
  leave(retryAfterMs: number, withinMs: number): Promise<void>;
  /** Bytes handed to the transport and not yet taken by the network. */
  bufferedBytes(): number;
}

/** One connection on this node, with a feed per inbox. */
export class Connection {
  readonly feeds: ReadonlyMap<Channel, Feed>;
  /** When it was registered, by the store; 0 until then. Of two connections of one device the later one stays. */
  since = 0;
  /** Whether its feeds wait for the transport to drain. */
  isLagging = false;
  /** The last message of each channel that it was answered in a page that it asked for. */
  private readonly pulled = new Map<Channel, Offset>();

  constructor(
    readonly id: ConnectionId,
    readonly userId: UserId,
    /** The name that its device gave itself, if it did. */
    readonly deviceId: DeviceId | undefined,
    channels: readonly Channel[],
    readonly outlet: Outlet,
    public grant: Grant,
  ) {
    this.feeds = new Map(channels.map((channel) => [channel, new Feed()]));
  }

  /** The last message that it was sent in any way: replayed, pushed, or answered in a page. */
  sentUpTo(channel: Channel): Offset {
    return laterOf(this.feeds.get(channel)?.sentUpTo ?? BEGINNING, this.pulled.get(channel) ?? BEGINNING);
  }

  /** It is answered a page that ends at this offset, in whichever direction. */
  notePulled(channel: Channel, offset: Offset): void {
    this.pulled.set(channel, laterOf(this.pulled.get(channel) ?? BEGINNING, offset));
  }
}
