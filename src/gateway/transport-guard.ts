import type { Socket } from 'node:net';
import { TokenBucket } from '../limits';
import type { TransportEnd } from '../metrics';
import { type EngineSocket, webSocketOf } from './beeline-socket';

/** A token has up to 16,384 characters, and `since` names channels. */
const MAX_BYTES_BEFORE_SESSION = 64 * 1024;
/** For the first packet, and for a client that was refused to go. */
const FIRST_PACKET_TIMEOUT_MS = 10_000;
const REFUSED_TIMEOUT_MS = 5000;
/** A message that has begun comes to its end, on a slow line too. */
const UNFINISHED_TIMEOUT_MS = 10_000;
/** What a client has no need to send: pings (the node pings), pongs, packets that are no event. */
const IDLE_WORDS_PER_SECOND = 1;
const IDLE_WORDS_AT_ONCE = 50;
/** RFC 6455, section 5.2: two bytes, and the mask. */
const CONTROL_FRAME_HEADER_BYTES = 6;

/** `2` and `5` begin an event: https://socket.io/docs/v4/socket-io-protocol/#packet-encoding */
const EVENT = /^[25]/;
/** An event, or an attachment of one: who sends another is cut off by Socket.IO. */
function isOfEvent(data: unknown): boolean {
  return typeof data !== 'string' || EVENT.test(data);
}

/** `0` begins a CONNECT, and `/` the name of another namespace than ours. */
const CONNECT_TO_MAIN = /^0(?!\/)/;

type State = 'silent' | 'asking' | 'admitted';

interface Packet {
  type: string;
  data?: unknown;
}

/**
 * What one transport may cost, from its first byte on: before there is a session, a few bytes, one packet at a time and
 * a few seconds; later, no messages that are begun and not ended, and no flood of what needs no answer. What is over its
 * bound is ended at once and not asked to close, for it would not listen.
 */
export class TransportGuard {
  private readonly webSocket: ReturnType<typeof webSocketOf>;
  private readonly tcp: Socket;
  private readonly idleWords = new TokenBucket(IDLE_WORDS_AT_ONCE, IDLE_WORDS_PER_SECOND);
  private readonly onData = (): void => this.countBytes();
  private state: State = 'silent';
  /** What has arrived with the last straw is still handed over. */
  private isOver = false;
  private endsAtMs: number;
  /** Bytes of complete packets and of control frames; what has come beyond them is a message that has begun. */
  private finishedBytes: number;
  private unfinishedSinceMs: number | undefined;

  constructor(
    conn: EngineSocket,
    private readonly nowMs: () => number,
    /** The client has asked to be let in. */
    private readonly onAsked: () => void,
    private readonly onEnd: (why: TransportEnd) => void,
  ) {
    this.webSocket = webSocketOf(conn);
    this.tcp = conn.request.socket;
    this.endsAtMs = nowMs() + FIRST_PACKET_TIMEOUT_MS;
    this.finishedBytes = this.tcp.bytesRead;
    this.tcp.on('data', this.onData);
    conn.on('packet', (packet: Packet) => this.take(packet));
    for (const frame of ['ping', 'pong'] as const) {
      this.webSocket.on(frame, (data) => this.takeControl(data.length));
    }
  }

  /** There is a session: its own limits hold from now on. */
  admitted(): void {
    this.state = 'admitted';
    this.tcp.off('data', this.onData);
  }

  /** The client has been told why not, and may ask once more on this transport, or go. */
  refused(): void {
    this.state = 'silent';
    this.endsAtMs = this.nowMs() + REFUSED_TIMEOUT_MS;
  }

  /** Ends what is over its time. */
  tick(nowMs: number): void {
    if (this.state === 'silent' && nowMs > this.endsAtMs) return this.end('silent');
    if (this.tcp.bytesRead === this.finishedBytes) this.unfinishedSinceMs = undefined;
    else this.unfinishedSinceMs ??= nowMs;
    if (this.unfinishedSinceMs !== undefined && nowMs - this.unfinishedSinceMs > UNFINISHED_TIMEOUT_MS) {
      this.end('unfinished');
    }
  }

  private end(why: TransportEnd): void {
    if (this.isOver) return;
    this.isOver = true;
    this.webSocket.terminate();
    this.onEnd(why);
  }

  private countBytes(): void {
    if (this.tcp.bytesRead > MAX_BYTES_BEFORE_SESSION) this.end('too_large');
  }

  private take({ type, data }: Packet): void {
    this.finishedBytes = this.tcp.bytesRead;
    if (this.state !== 'admitted' && type === 'message') return this.takeFirst(data);
    if (type === 'message' && isOfEvent(data)) return;
    this.takeIdleWord();
  }

  /** Nothing but one CONNECT to our namespace, and nothing behind it until that is answered. */
  private takeFirst(data: unknown): void {
    if (this.state === 'silent' && typeof data === 'string' && CONNECT_TO_MAIN.test(data)) {
      this.state = 'asking';
      this.onAsked();
    } else {
      this.end('no_handshake');
    }
  }

  private takeControl(payloadBytes: number): void {
    this.finishedBytes += payloadBytes + CONTROL_FRAME_HEADER_BYTES;
    this.takeIdleWord();
  }

  private takeIdleWord(): void {
    if (this.idleWords.take(this.nowMs()) > 0) this.end('noise');
  }
}
