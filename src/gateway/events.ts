import type { ReceiptState } from '../inbox';
import type { PresenceByUser, PresenceState } from '../presence';
import type { SendAnswer } from '../chat';
import type { Channel, ConnectionId, DeviceId, ErrorBody, Json, Message, Offset, UserId } from '../shared';

/** Every answer to a request event: what was asked for, or the error. */
export type Answer<T> = ({ ok: true } & T) | { ok: false; error: ErrorBody };
type Ack<T> = (answer: Answer<T>) => void;

export interface SessionEvent {
  protocol: 1;
  userId: UserId;
  deviceId: DeviceId | ConnectionId;
  connectionId: ConnectionId;
  nodeId: string;
  /** When the token runs out, Unix ms. */
  expiresAt: number;
  /** Unix ms by the store. */
  serverTime: number;
  limits: { maxBodyBytes: number; sendRatePerSecond: number };
  channels: Record<string, { delivered: Offset; read: Offset; unread: number; last: Offset }>;
}

/** To every connection of the cluster. */
export interface Announcement {
  id: string;
  body: Json;
  /** Unix ms by the store. */
  sentAt: number;
}

export interface ServerToClientEvents {
  session: (event: SessionEvent) => void;
  message: (message: Message) => void;
  'inbox:synced': (event: { channel: Channel; offset: Offset; count: number }) => void;
  'inbox:truncated': (event: { channel: Channel; since: Offset; oldest: Offset | null }) => void;
  'inbox:read': (event: { channel: Channel; read: Offset; unread: number }) => void;
  receipt: (event: { channel: Channel; peer: UserId; state: 'delivered' | 'read'; offset: Offset }) => void;
  presence: (event: PresenceState & { userId: UserId }) => void;
  typing: (event: { from: UserId; channel: Channel; typing: boolean }) => void;
  announcement: (event: Announcement) => void;
  'session:end': (event: { reason: string; reconnect: boolean; retryAfterMs?: number }) => void;
}

/** What clients send. Fields are given as a client writes them: unchecked text, until the gateway has checked it. */
export interface ClientToServerEvents {
  'message:send': (
    payload: {
      to: string;
      body: Json;
      clientId: string;
      channel?: string;
      copy?: boolean;
      receipt?: boolean;
    },
    ack?: Ack<SendAnswer>,
  ) => void;
  'inbox:ack': (
    payload: { channel: string; offset: string },
    ack?: Ack<{ channel: Channel; delivered: Offset }>,
  ) => void;
  'inbox:read': (
    payload: { channel: string; offset: string },
    ack?: Ack<{ channel: Channel; read: Offset; unread: number }>,
  ) => void;
  'inbox:pull': (
    payload: { channel: string; after?: string; before?: string; limit?: number },
    ack?: Ack<{ channel: Channel; messages: Message[]; next: Offset; more: boolean }>,
  ) => void;
  'presence:get': (payload: { users: string[] }, ack?: Ack<{ presence: PresenceByUser }>) => void;
  'presence:watch': (payload: { users: string[] }, ack?: Ack<{ presence: PresenceByUser }>) => void;
  'presence:unwatch': (payload: { users: string[] }, ack?: Ack<{ presence: PresenceByUser }>) => void;
  'receipts:get': (
    payload: { messages: { to: string; channel: string; offset: string }[] },
    ack?: Ack<{ receipts: { to: UserId; channel: Channel; offset: Offset; state: ReceiptState }[] }>,
  ) => void;
  typing: (payload: { to: string; channel?: string; typing: boolean }, ack?: Ack<object>) => void;
  'block:set': (payload: { user: string; blocked: boolean }, ack?: Ack<{ users: UserId[] }>) => void;
  'block:get': (payload: object, ack?: Ack<{ users: UserId[] }>) => void;
  'auth:refresh': (payload: { token: string }, ack?: Ack<{ expiresAt: number }>) => void;
}
