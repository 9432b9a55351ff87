/**
 * Branded identifiers. A bare string never crosses a module border: it becomes one of these at a door
 * (gateway, REST, configuration) by being checked, and keeps its brand from there on.
 */
declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** Whoever a token names: see `parseId`. */
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

const MAX_ID_LENGTH = 128;
const MAX_CLIENT_ID_LENGTH = 64;
/** A mark has to stand on something: one at the beginning would join what is printed before the id. */
const ID_PATTERN = /^(?!\p{M})[\p{L}\p{M}\p{N}_.@:|+\-'=~]+$/u;
/** Some letters and marks show nothing at all: two ids would look the same. */
const INVISIBLE = /\p{Default_Ignorable_Code_Point}/u;
const CHANNEL_PATTERN = /^[a-z0-9_-]{1,32}$/;
const OPAQUE_ID_PATTERN = /^[A-Za-z0-9_-]{1,64}$/;

/** The sender's own copies. Built in: never configured, never sent to. */
export const SENT_CHANNEL = 'sent' as Channel;

/** What is wrong with an id, in words for whoever sent it. */
export const ID_PROBLEM = problemOfId(MAX_ID_LENGTH);
export const CLIENT_ID_PROBLEM = problemOfId(MAX_CLIENT_ID_LENGTH);

function problemOfId(maxLength: number): string {
  return `must be 1 to ${maxLength} letters, marks, numbers or _.@:|+-'=~, not begin with a mark, and hold nothing invisible`;
}

/**
 * An id in NFC; undefined for anything else, of whatever type. The length, in UTF-16 units, is looked at before
 * anything else: to normalise a long run of marks takes time that grows with its square. NFC can make text longer.
 */
function parseId(value: unknown, maxLength: number): string | undefined {
  if (typeof value !== 'string' || value.length > maxLength) return undefined;
  const id = value.normalize('NFC');
  if (id.length > maxLength || id === '__proto__') return undefined;
  return ID_PATTERN.test(id) && !INVISIBLE.test(id) ? id : undefined;
}

export function parseUserId(value: unknown): UserId | undefined {
  return parseId(value, MAX_ID_LENGTH) as UserId | undefined;
}

export function parseDeviceId(value: unknown): DeviceId | undefined {
  return parseId(value, MAX_ID_LENGTH) as DeviceId | undefined;
}

export function parseClientId(value: unknown): ClientId | undefined {
  return parseId(value, MAX_CLIENT_ID_LENGTH) as ClientId | undefined;
}

export function parseChannel(value: unknown): Channel | undefined {
  return typeof value === 'string' && CHANNEL_PATTERN.test(value) ? (value as Channel) : undefined;
}

/** For ids that nodes make themselves (node and connection ids) and meet again on the wire between them. */
export function isOpaqueId(value: string): value is NodeId & ConnectionId {
  return OPAQUE_ID_PATTERN.test(value);
}
