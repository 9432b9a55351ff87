import {
  type Channel,
  type ConnectionId,
  isOpaqueId,
  type MessageJson,
  type NodeId,
  type Offset,
  parseChannel,
  parseOffset,
  parseUserId,
  type UserId,
} from '../shared';

/**
 * What one node tells another. A header of tab-separated fields, each checked against its pattern (none allows
 * a tab or a line break), and for a message its JSON on the second line, passed on as it is.
 *
 *     1 ⇥ message ⇥ user ⇥ channel ⇥ offset ⇥ prev ⇥ connectionIds ⏎ JSON
 *     1 ⇥ grown ⇥ user ⇥ channel ⇥ offset ⇥ connectionIds
 *     1 ⇥ end ⇥ user ⇥ connectionIds
 *     1 ⇥ revoked ⇥ user ⇥ login, empty for all
 *     1 ⇥ others-revoked ⇥ user ⇥ login that is spared
 *     1 ⇥ read ⇥ user ⇥ channel ⇥ read ⇥ unread ⇥ connectionIds
 *     1 ⇥ receipt ⇥ user ⇥ channel ⇥ peer ⇥ state ⇥ offset
 *     1 ⇥ typing ⇥ user ⇥ channel ⇥ from ⇥ 1 or 0
 *     1 ⇥ presence ⇥ user
 *     1 ⇥ block ⇥ user ⇥ other
 *     1 ⇥ ask ⇥ user ⇥ asking node ⇥ question ⇥ connectionIds
 *     1 ⇥ answer ⇥ user ⇥ question
 */
export type Envelope =
  /** A message was appended. */
  | {
      kind: 'message';
      userId: UserId;
      channel: Channel;
      offset: Offset;
      prev: Offset;
      connectionIds: ConnectionId[];
      json: MessageJson;
    }
  /** An inbox has grown up to an offset: said by whoever has not got the message at hand. */
  | { kind: 'grown'; userId: UserId; channel: Channel; offset: Offset; connectionIds: ConnectionId[] }
  /** Newer connections took these ones' place. */
  | { kind: 'end'; userId: UserId; connectionIds: ConnectionId[] }
  /** A login has ended, or every login of the user. */
  | { kind: 'revoked'; userId: UserId; loginId: string | undefined }
  /** Every login of the user has ended but one. */
  | { kind: 'others-revoked'; userId: UserId; spared: string }
  /** The user's read cursor was moved, by none of these connections. */
  | {
      kind: 'read';
      userId: UserId;
      channel: Channel;
      read: Offset;
      unread: number;
      connectionIds: ConnectionId[];
    }
  /** What the user sent to a peer has come so far. */
  | {
      kind: 'receipt';
      userId: UserId;
      channel: Channel;
      peer: UserId;
      state: 'delivered' | 'read';
      offset: Offset;
    }
  /** Somebody is writing to the user, or has stopped. */
  | { kind: 'typing'; userId: UserId; channel: Channel; from: UserId; typing: boolean }
  /** The user's presence may have changed: for nodes that watch it. */
  | { kind: 'presence'; userId: UserId }
  /** The user has blocked the other, or does no longer. */
  | { kind: 'block'; userId: UserId; other: UserId }
  /** Whether these connections are there: those that are not are taken out of presence before it is answered. */
  | { kind: 'ask'; userId: UserId; from: NodeId; question: string; connectionIds: ConnectionId[] }
  /** That has been done. */
  | { kind: 'answer'; userId: UserId; question: string };

const VERSION = '1';

export function printEnvelope(envelope: Envelope): string {
  const header = [VERSION, envelope.kind, envelope.userId, ...fieldsOf(envelope)].join('\t');
  return envelope.kind === 'message' ? `${header}\n${envelope.json}` : header;
}

function fieldsOf(envelope: Envelope): (string | number)[] {
  switch (envelope.kind) {
    case 'message':
      return [envelope.channel, envelope.offset, envelope.prev, envelope.connectionIds.join(',')];
    case 'grown':
      return [envelope.channel, envelope.offset, envelope.connectionIds.join(',')];
    case 'end':
      return [envelope.connectionIds.join(',')];
    case 'revoked':
      return [envelope.loginId ?? EVERY_LOGIN];
    case 'others-revoked':
      return [envelope.spared];
    case 'read':
      return [envelope.channel, envelope.read, envelope.unread, envelope.connectionIds.join(',')];
    case 'receipt':
      return [envelope.channel, envelope.peer, envelope.state, envelope.offset];
    case 'typing':
      return [envelope.channel, envelope.from, envelope.typing ? 1 : 0];
    case 'presence':
      return [];
    case 'block':
      return [envelope.other];
    case 'ask':
      return [envelope.from, envelope.question, envelope.connectionIds.join(',')];
    case 'answer':
      return [envelope.question];
  }
}

/** Undefined for what is malformed or of another version. */
export function parseEnvelope(payload: string): Envelope | undefined {
  const lineEnd = payload.indexOf('\n');
  const header = lineEnd < 0 ? payload : payload.slice(0, lineEnd);
  const [version, kind, user, ...fields] = header.split('\t');
  const userId = parseUserId(user);
  const read = READERS[kind as Envelope['kind']];
  if (version !== VERSION || userId === undefined || !Object.hasOwn(READERS, kind ?? '')) return undefined;
  return read(userId, fields, lineEnd < 0 ? undefined : payload.slice(lineEnd + 1));
}

/** Each kind's own fields, and the text behind the header, which only a message has. */
type Reader = (userId: UserId, fields: string[], text: string | undefined) => Envelope | undefined;

const READERS: Record<Envelope['kind'], Reader> = {
  message: (userId, fields, text) => {
    const [channel, offset, prev] = [parseChannel(fields[0]), parseOffset(fields[1]), parseOffset(fields[2])];
    const [connectionIds, json] = [parseIds(fields[3]), parseJsonText(text)];
    return fields.length === 4 && channel && offset && prev && connectionIds && json !== undefined
      ? { kind: 'message', userId, channel, offset, prev, connectionIds, json }
      : undefined;
  },
  grown: headerOnly(3, (userId, fields) => {
    const [channel, offset] = [parseChannel(fields[0]), parseOffset(fields[1])];
    const connectionIds = parseIds(fields[2]);
    return channel && offset && connectionIds && { kind: 'grown', userId, channel, offset, connectionIds };
  }),
  end: headerOnly(1, (userId, fields) => {
    const connectionIds = parseIds(fields[0]);
    return connectionIds && { kind: 'end', userId, connectionIds };
  }),
  revoked: headerOnly(1, (userId, [login = '']) => {
    if (login === EVERY_LOGIN) return { kind: 'revoked', userId, loginId: undefined };
    return isOpaqueId(login) ? { kind: 'revoked', userId, loginId: login } : undefined;
  }),
  'others-revoked': headerOnly(1, (userId, [spared = '']) =>
    isOpaqueId(spared) ? { kind: 'others-revoked', userId, spared } : undefined,
  ),
  read: headerOnly(4, (userId, fields) => {
    const [channel, read, connectionIds] = [
      parseChannel(fields[0]),
      parseOffset(fields[1]),
      parseIds(fields[3]),
    ];
    const unread = /^\d{1,15}$/.test(fields[2] ?? '') ? Number(fields[2]) : undefined;
    return channel && read && connectionIds && unread !== undefined
      ? { kind: 'read', userId, channel, read, unread, connectionIds }
      : undefined;
  }),
  receipt: headerOnly(4, (userId, fields) => {
    const [channel, peer, offset] = [parseChannel(fields[0]), parseUserId(fields[1]), parseOffset(fields[3])];
    const state = RECEIPT_STATES.find((known) => known === fields[2]);
    return channel && peer && state && offset && { kind: 'receipt', userId, channel, peer, state, offset };
  }),
  typing: headerOnly(3, (userId, fields) => {
    const [channel, from] = [parseChannel(fields[0]), parseUserId(fields[1])];
    return channel && from && (fields[2] === '1' || fields[2] === '0')
      ? { kind: 'typing', userId, channel, from, typing: fields[2] === '1' }
      : undefined;
  }),
  presence: headerOnly(0, (userId) => ({ kind: 'presence', userId })),
  block: headerOnly(1, (userId, [name]) => {
    const other = parseUserId(name);
    return other && { kind: 'block', userId, other };
  }),
  ask: headerOnly(3, (userId, [from = '', question = '', ids]) => {
    const connectionIds = parseIds(ids);
    return isOpaqueId(from) && isOpaqueId(question) && connectionIds
      ? { kind: 'ask', userId, from, question, connectionIds }
      : undefined;
  }),
  answer: headerOnly(1, (userId, [question = '']) =>
    isOpaqueId(question) ? { kind: 'answer', userId, question } : undefined,
  ),
};

/** No login has this name: an id is never empty (auth/identity.ts). */
const EVERY_LOGIN = '';
const RECEIPT_STATES = ['delivered', 'read'] as const;

function headerOnly(count: number, read: (userId: UserId, fields: string[]) => Envelope | undefined): Reader {
  return (userId, fields, text) =>
    text === undefined && fields.length === count ? read(userId, fields) : undefined;
}

function parseIds(text: string | undefined): ConnectionId[] | undefined {
  if (text === undefined) return undefined;
  const ids = text.split(',');
  return ids.every(isOpaqueId) ? (ids as ConnectionId[]) : undefined;
}

/** It goes to clients as it is, and broken JSON would cut their connections: a parse costs about a microsecond. */
function parseJsonText(text: string | undefined): MessageJson | undefined {
  if (text === undefined) return undefined;
  try {
    JSON.parse(text);
    return text as MessageJson;
  } catch {
    return undefined;
  }
}
