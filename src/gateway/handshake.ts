import {
  type Channel,
  type DeviceId,
  ID_PROBLEM,
  isPlainObject,
  type Offset,
  parseChannel,
  parseDeviceId,
  parseOffset,
} from '../shared';
import { badRequest } from '../shared';

/** What a client says of itself when it connects, besides its token. */
export interface Handshake {
  deviceId: DeviceId | undefined;
  since: ReadonlyMap<Channel, Offset>;
}

/** Looked at first: nothing else that a stranger sends is worth reading. */
export function tokenOf(auth: unknown): unknown {
  return isPlainObject(auth) ? auth['token'] : undefined;
}

/** Reads the rest of a handshake's `auth`; a malformed device id is `bad_request`, a malformed `since` is ignored. */
export function readHandshake(auth: unknown): Handshake {
  const fields = isPlainObject(auth) ? auth : {};
  return {
    deviceId: readDeviceId(fields['deviceId']),
    since: readSince(fields['since']),
  };
}

function readDeviceId(value: unknown): DeviceId | undefined {
  if (value === undefined || value === null) return undefined;
  const deviceId = parseDeviceId(value);
  if (deviceId === undefined) {
    throw badRequest([{ field: 'deviceId', problem: ID_PROBLEM }]);
  }
  return deviceId;
}

/** An object of channel → offset, or that as JSON text: the Java client sends text only. */
function readSince(value: unknown): ReadonlyMap<Channel, Offset> {
  const since = new Map<Channel, Offset>();
  const claimed = typeof value === 'string' ? parseJson(value) : value;
  if (!isPlainObject(claimed)) return since;
  for (const [name, text] of Object.entries(claimed)) {
    const channel = parseChannel(name);
    const offset = parseOffset(text);
    if (channel !== undefined && offset !== undefined) since.set(channel, offset);
  }
  return since;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
