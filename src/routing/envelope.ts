import {
  type Channel,
  type ConnectionId,
  isOpaqueId,
  type MessageJson,
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
  /** Newer connections of the same device took these ones' place. */
  | { kind: 'end'; userId: UserId; connectionIds: ConnectionId[] };

const VERSION = '1';

export function printEnvelope(envelope: Envelope): string {
  const ids = envelope.connectionIds.join(',');
  const head = `${VERSION}\t${envelope.kind}\t${envelope.userId}`;
  switch (envelope.kind) {
    case 'message':
      return `${head}\t${envelope.channel}\t${envelope.offset}\t${envelope.prev}\t${ids}\n${envelope.json}`;
    case 'grown':
      return `${head}\t${envelope.channel}\t${envelope.offset}\t${ids}`;
    case 'end':
      return `${head}\t${ids}`;
  }
}

/** Undefined for what is malformed or of another version. */
export function parseEnvelope(payload: string): Envelope | undefined {
  const lineEnd = payload.indexOf('\n');
  const header = (lineEnd < 0 ? payload : payload.slice(0, lineEnd)).split('\t');
  const [version, kind, user, ...fields] = header;
  const userId = parseUserId(user);
  if (version !== VERSION || userId === undefined) return undefined;
  const connectionIds = parseIds(fields.at(-1));
  if (connectionIds === undefined) return undefined;
  if (kind === 'end') return fields.length === 1 && lineEnd < 0 ? { kind, userId, connectionIds } : undefined;

  const channel = parseChannel(fields[0]);
  const offset = parseOffset(fields[1]);
  if (channel === undefined || offset === undefined) return undefined;
  if (kind === 'grown') {
    return fields.length === 3 && lineEnd < 0 ? { kind, userId, channel, offset, connectionIds } : undefined;
  }
  const prev = parseOffset(fields[2]);
  if (kind !== 'message' || fields.length !== 4 || prev === undefined || lineEnd < 0) return undefined;
  const json = parseJsonText(payload.slice(lineEnd + 1));
  return json === undefined ? undefined : { kind, userId, channel, offset, prev, connectionIds, json };
}

function parseIds(text: string | undefined): ConnectionId[] | undefined {
  if (text === undefined) return undefined;
  const ids = text.split(',');
  return ids.every(isOpaqueId) ? (ids as ConnectionId[]) : undefined;
}

/** It goes to clients as it is, and broken JSON would cut their connections: a parse costs about a microsecond. */
function parseJsonText(text: string): MessageJson | undefined {
  try {
    JSON.parse(text);
    return text as MessageJson;
  } catch {
    return undefined;
  }
}
