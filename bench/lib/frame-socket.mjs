import { connect } from 'node:net';

const TEXT = 0x81;
const CLOSE = 0x88;
const PING = 0x89;
const PONG = 0x8a;
/** Any mask does; it must not be zero, or the server would be spared the unmasking that real clients cost it. */
const MASK = [1, 2, 3, 4];

/**
 * A WebSocket client of text frames, by hand over one TCP connection: a tenth of what a full library costs, so that
 * one process can drive 16 nodes without holding them up. It knows no fragments, compression or binary frames.
 */
export class FrameSocket {
  #tcp;
  #rest = Buffer.alloc(0);
  #onText;
  #onClose;

  constructor(tcp, { onText, onClose }) {
    this.#tcp = tcp;
    this.#onText = onText;
    this.#onClose = onClose;
  }

  static open(port, path, handlers) {
    return new Promise((resolve, reject) => {
      const tcp = connect({ port, host: '127.0.0.1', noDelay: true });
      const socket = new FrameSocket(tcp, handlers);
      tcp.once('error', reject);
      tcp.once('connect', () => tcp.write(upgradeRequest(port, path)));
      let head = '';
      const readHead = (chunk) => {
        head += chunk.toString('latin1');
        const end = head.indexOf('\r\n\r\n');
        if (end < 0) return;
        tcp.off('data', readHead);
        if (!head.startsWith('HTTP/1.1 101')) {
          tcp.destroy();
          reject(new Error(`no upgrade: ${head.slice(0, 200)}`));
          return;
        }
        tcp.off('error', reject);
        tcp.on('error', () => tcp.destroy());
        tcp.on('close', () => socket.#onClose());
        tcp.on('data', (bytes) => socket.#read(bytes));
        resolve(socket);
        socket.#read(Buffer.from(head.slice(end + 4), 'latin1'));
      };
      tcp.on('data', readHead);
    });
  }

  send(text) {
    this.#tcp.write(frameOf(TEXT, Buffer.from(text)));
  }

  /** Ends the connection as a client that has been closed does. */
  close() {
    this.#tcp.end(frameOf(CLOSE, Buffer.alloc(0)));
  }

  #read(bytes) {
    let rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    for (let frame = firstFrameOf(rest); frame !== undefined; frame = firstFrameOf(rest)) {
      rest = rest.subarray(frame.end);
      if (frame.kind === TEXT) this.#onText(frame.payload.toString());
      else if (frame.kind === PING) this.#tcp.write(frameOf(PONG, frame.payload));
      else if (frame.kind === CLOSE) this.#tcp.end();
      else throw new Error(`a frame of kind ${frame.kind} was not expected`);
    }
    this.#rest = rest;
  }
}

function upgradeRequest(port, path) {
  return [
    `GET ${path} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    '\r\n',
  ].join('\r\n');
}

/** A masked frame: https://www.rfc-editor.org/rfc/rfc6455#section-5.2 */
function frameOf(kind, payload) {
  const { length } = payload;
  if (length > 65_535) throw new Error('frames over 64 KiB are not for this client');
  const start = length < 126 ? 6 : 8;
  const frame = Buffer.allocUnsafe(start + length);
  frame[0] = kind;
  frame[1] = 0x80 | (length < 126 ? length : 126);
  if (length >= 126) frame.writeUInt16BE(length, 2);
  for (let i = 0; i < 4; i += 1) frame[start - 4 + i] = MASK[i];
  for (let i = 0; i < length; i += 1) frame[start + i] = payload[i] ^ MASK[i & 3];
  return frame;
}

/** The first whole frame (of a server: unmasked), or undefined where more bytes are needed. */
function firstFrameOf(bytes) {
  if (bytes.length < 2) return undefined;
  let length = bytes[1];
  let start = 2;
  if (length === 126) {
    if (bytes.length < 4) return undefined;
    [length, start] = [bytes.readUInt16BE(2), 4];
  } else if (length === 127) {
    if (bytes.length < 10) return undefined;
    [length, start] = [Number(bytes.readBigUInt64BE(2)), 10];
  }
  const end = start + length;
  return bytes.length < end ? undefined : { kind: bytes[0], payload: bytes.subarray(start, end), end };
}
