import { io, type Socket } from 'socket.io-client';
import type { ClientToServerEvents, ServerToClientEvents } from '../../../src/gateway';
import { isPlainObject, type Message } from '../../../src/shared';
import type { History, SeenMessage } from './history';
import { lastingTokenFor } from './tokens';

type Answered<T> = ({ ok: true } & T) | { ok: false; error: { code: string } };

interface Refusal {
  retryable: boolean;
  retryAfterMs?: number;
}

const ACK_PAUSE_MS = 50;
const ANSWER_TIMEOUT_MS = 1500;

export interface DeviceOptions {
  /** Whether it says in the handshake what it has stored (`since`), besides acking. */
  tellsSince?: boolean;
  /** Comes back as slowly as Socket.IO does by default: for thousands of clients in one process. */
  isPatient?: boolean;
}

const IMPATIENT = { reconnectionDelay: 50, reconnectionDelayMax: 400, timeout: 2000 };

/**
 * One installation of a good client: the stock Socket.IO client with its own reconnection, which acks what it has
 * stored, a few times a second at most, and writes into the history all that it sees.
 */
export class Device {
  readonly socket: Socket<ServerToClientEvents, ClientToServerEvents>;
  private connection: string | undefined;
  private ackTimer: NodeJS.Timeout | undefined;
  private retryTimer: NodeJS.Timeout | undefined;
  /** Per channel the last offset stored, and acked. */
  private readonly stored = new Map<string, string>();
  private readonly acked = new Map<string, string>();
  private awaitingSync = new Set<string>();
  private closed = false;
  received = 0;

  constructor(
    readonly user: string,
    readonly name: string,
    port: number,
    private readonly history: History,
    private readonly options: DeviceOptions = {},
  ) {
    this.socket = io(`http://127.0.0.1:${port}`, {
      transports: ['websocket'],
      forceNew: true,
      ...(options.isPatient ? {} : IMPATIENT),
      auth: (give) => give({ token: lastingTokenFor(user), deviceId: name, ...this.since() }),
    });
    this.socket.on('session', ({ connectionId, nodeId, channels }) => {
      this.connection = connectionId;
      this.awaitingSync = new Set(Object.keys(channels));
      history.add({ kind: 'connected', ...this.now(), node: nodeId });
    });
    this.socket.on('inbox:synced', ({ channel }) => this.awaitingSync.delete(channel));
    this.socket.on('message', (message) => this.receive(message));
    this.socket.on('inbox:truncated', ({ channel, since }) =>
      history.add({ kind: 'truncated', ...this.now(), channel, since }),
    );
    this.socket.on('session:end', ({ reason }) => history.add({ kind: 'told', ...this.now(), reason }));
    this.socket.on('disconnect', (reason) => this.end(reason));
    this.socket.on('connect_error', (error) => this.refused((error as { data?: Refusal }).data));
  }

  /** Connected, and every replay is done. */
  get isSynced(): boolean {
    return this.connection !== undefined && this.awaitingSync.size === 0;
  }

  /** Sends once. Resolves with whether it was answered as stored; silence and `unavailable` are not. */
  async send(
    to: string,
    clientId: string,
    body: { mark: string; pad: string },
    copy: boolean,
  ): Promise<boolean> {
    const send = { from: this.user, to, clientId };
    const { connection } = this;
    this.history.add({ kind: 'tried', at: this.history.now(), ...send, mark: body.mark, copy, connection });
    const answer = await this.ask<{ id: string; offset: string }>('message:send', {
      to,
      body,
      clientId,
      copy,
    });
    const at = this.history.now();
    if (answer.ok) this.history.add({ kind: 'answered', at, ...send, id: answer.id, offset: answer.offset });
    else this.history.add({ kind: 'unanswered', at, ...send, reason: answer.error.code });
    return answer.ok;
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.ackTimer);
    clearTimeout(this.retryTimer);
    this.socket.disconnect();
  }

  /** Comes back when it is told to, where that is worth a try. */
  private refused(refusal: Refusal | undefined): void {
    if (this.socket.active || this.closed) return;
    if (refusal?.retryable !== true) this.end(`refused for good: ${JSON.stringify(refusal)}`, true);
    else this.retryTimer = setTimeout(() => this.socket.connect(), refusal.retryAfterMs);
  }

  private since(): { since?: Record<string, string> } {
    return this.options.tellsSince ? { since: Object.fromEntries(this.stored) } : {};
  }

  private receive(message: Message): void {
    this.received += 1;
    this.history.add({ kind: 'delivered', ...this.now(), message: seen(message) });
    this.stored.set(message.channel, message.offset);
    this.ackTimer ??= setTimeout(() => this.ack(), ACK_PAUSE_MS);
  }

  private ack(): void {
    this.ackTimer = undefined;
    for (const [channel, offset] of this.stored) {
      if (this.acked.get(channel) !== offset && this.socket.connected) void this.ackOne(channel, offset);
    }
  }

  /** One that is not answered is made good by the next, or costs a repeat after a reconnect. */
  private async ackOne(channel: string, offset: string): Promise<void> {
    const told = this.now();
    const answer = await this.ask<{ delivered: string }>('inbox:ack', { channel, offset });
    if (!answer.ok) return;
    this.acked.set(channel, offset);
    this.history.add({ kind: 'acked', ...told, at: this.history.now(), channel, offset: answer.delivered });
  }

  /** Silence, too, is an answer: none of the contract's. */
  private async ask<T>(event: string, payload: object): Promise<Answered<T>> {
    const untyped = this.socket as unknown as Socket;
    try {
      return (await untyped.timeout(ANSWER_TIMEOUT_MS).emitWithAck(event, payload)) as Answered<T>;
    } catch (error) {
      return { ok: false, error: { code: error instanceof Error ? error.message : 'silence' } };
    }
  }

  private end(reason: string, forGood = reason === 'io server disconnect'): void {
    if (this.connection !== undefined || forGood) {
      this.history.add({ kind: 'ended', ...this.now(), reason, forGood: forGood && !this.closed });
    }
    this.connection = undefined;
  }

  private now(): { at: number; user: string; device: string; connection: string } {
    const { user, name: device, connection = 'none' } = this;
    return { at: this.history.now(), user, device, connection };
  }
}

export function seen(message: Message): SeenMessage {
  const { id, channel, from, to, clientId = '', offset, body } = message;
  const mark = isPlainObject(body) && typeof body['mark'] === 'string' ? body['mark'] : '';
  return { id, channel, from, to, clientId, offset, mark };
}
