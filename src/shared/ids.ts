/**
 * Branded identifiers. A bare string never crosses a module border: it becomes one of these at a door
 * (gateway, REST, configuration) by being checked, and keeps its brand from there on.
 */
declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** Whoever a token names. At most 128 letters, numbers or `_.@:|+-`, NFC. */
export type UserId = Branded<'UserId'>;
/** One installation of a client, named by the client; same pattern as a user id. */
export type DeviceId = Branded<'DeviceId'>;
/** A sender's own id of a message, its idempotency key; the same pattern, at most 64 long. */
export type ClientId = Branded<'ClientId'>;
/** One Socket.IO connection; unique in the cluster for ever. */
export type ConnectionId = Branded<'ConnectionId'>;
/** One process of the backend; an id is never used twice. */
export type NodeId = Branded<'NodeId'>;
/** A named kind of message with an inbox of its own. */
export type Channel = Branded<'Channel'>;
/** The UUIDv7 of a message, the same in every copy of it. */
export type MessageId = Branded<'MessageId'>;

const ID_PATTERN = /^[\p{L}\p{N}_.@:|+-]{1,128}$/u;
/** Counts characters, as the pattern above does, where `length` would count UTF-16 units. */
const CLIENT_ID_LENGTH = /^.{1,64}$/u;
const CHANNEL_PATTERN = /^[a-z0-9_-]{1,32}$/;
const OPAQUE_ID_PATTERN = /^[A-Za-z0-9_-]{1,64}$/;

/** The sender's own copies. Built in: never configured, never sent to. */
export const SENT_CHANNEL = 'sent' as Channel;

/** Normalises to NFC and checks the id pattern; undefined for anything else, of whatever type. */
function parseId(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const id = value.normalize('NFC');
  return ID_PATTERN.test(id) && id !== '__proto__' ? id : undefined;
}

export function parseUserId(value: unknown): UserId | undefined {
  return parseId(value) as UserId | undefined;
}

export function parseDeviceId(value: unknown): DeviceId | undefined {
  return parseId(value) as DeviceId | undefined;
}

export function parseClientId(value: unknown): ClientId | undefined {
  const id = parseId(value);
  return id !== undefined && CLIENT_ID_LENGTH.test(id) ? (id as ClientId) : undefined;
}

export function parseChannel(value: unknown): Channel | undefined {
  return typeof value === 'string' && CHANNEL_PATTERN.test(value) ? (value as Channel) : undefined;
}

/** For ids that nodes make themselves (node and connection ids) and meet again on the wire between them. */
export function isOpaqueId(value: string): value is NodeId & ConnectionId {
  return OPAQUE_ID_PATTERN.test(value);
}
