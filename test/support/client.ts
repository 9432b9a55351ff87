import { randomBytes } from 'node:crypto';
import { io, type Socket } from 'socket.io-client';
import type { Answer, ClientToServerEvents, ServerToClientEvents, SessionEvent } from '../../src/gateway';
import type { Message } from '../../src/shared';
import { type Addressed, tokenFor } from './beeline-node';
import { waitUntil } from './wait-until';

type ClientSocket = Socket<ServerToClientEvents, ClientToServerEvents>;

export interface ClientOptions {
  deviceId?: string;
  since?: Record<string, string | undefined> | string;
  token?: string;
  reconnection?: boolean;
  /** The whole of `auth`, in place of what the options above make of it. */
  auth?: object;
  namespace?: string;
  /** Of the upgrade. */
  headers?: Record<string, string>;
}

const open = new Set<TestClient>();

/** A real Socket.IO client that writes down everything it is told. */
export class TestClient {
  readonly messages: Message[] = [];
  /** Every event in the order of its arrival, with its first argument. */
  readonly events: { event: string; payload: unknown }[] = [];
  disconnectReason: string | undefined;

  private constructor(readonly socket: ClientSocket) {
    open.add(this);
    socket.onAny((event: string, payload: unknown) => {
      this.events.push({ event, payload });
      if (event === 'message') this.messages.push(payload as Message);
    });
    socket.on('disconnect', (reason) => {
      this.disconnectReason = reason;
    });
  }

  /** Connects and waits until every channel is synced. Rejects with the `connect_error`'s `data` where refused. */
  static async connect(node: Addressed, user: string, options: ClientOptions = {}): Promise<TestClient> {
    const client = TestClient.start(node, user, options);
    await client.connected();
    await client.synced();
    return client;
  }

  /** Rejects with the `connect_error`'s `data`, the contract's error object, where the handshake is refused. */
  connected(): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      this.socket.once('connect', resolve);
      this.socket.once('connect_error', (error) => reject((error as { data?: Error }).data ?? error));
    });
  }

  /** Begins to connect, and does not wait. */
  static start(node: Addressed, user: string, options: ClientOptions = {}): TestClient {
    const { deviceId, since, token = tokenFor(user), reconnection = false, namespace = '/' } = options;
    const auth = options.auth ?? { token, ...(deviceId && { deviceId }), ...(since && { since }) };
    const url = `${node.url}${namespace}`;
    const extraHeaders = options.headers ?? {};
    return new TestClient(
      io(url, { transports: ['websocket'], auth, reconnection, forceNew: true, extraHeaders }),
    );
  }

  /** Closes every client of this suite that is still open: for `afterEach`. */
  static closeAll(this: void): void {
    for (const client of open) client.close();
  }

  get session(): SessionEvent {
    const found = this.events.findLast(({ event }) => event === 'session');
    if (found === undefined) throw new Error('no session yet');
    return found.payload as SessionEvent;
  }

  payloadsOf(event: string): unknown[] {
    return this.events.filter((seen) => seen.event === event).map(({ payload }) => payload);
  }

  async synced(): Promise<void> {
    await waitUntil('every channel is synced', () => {
      const sessions = this.payloadsOf('session').length;
      return (
        sessions > 0 &&
        this.payloadsOf('inbox:synced').length >= sessions * Object.keys(this.session.channels).length
      );
    });
  }

  /** Sends any event with any arguments and waits for the answer. */
  async request(event: string, ...args: unknown[]): Promise<Answer<Record<string, unknown>>> {
    const untyped = this.socket as unknown as Socket;
    return (await untyped.timeout(10_000).emitWithAck(event, ...args)) as Answer<Record<string, unknown>>;
  }

  /** Sends a message that must be accepted. */
  async send(
    to: string,
    body: unknown,
    clientId: string,
    more: object = {},
  ): Promise<Record<string, unknown>> {
    const answer = await this.request('message:send', { to, body, clientId, ...more });
    if (!answer.ok) throw new Error(`send refused: ${answer.error.code} ${answer.error.message}`);
    return answer;
  }

  /** Sends bodies 0, 1, 2 … one after the other and returns their offsets. */
  async sendSeries(to: string, count: number, more: object = {}): Promise<string[]> {
    const offsets: string[] = [];
    for (let i = 0; i < count; i += 1) {
      const { offset } = await this.send(to, i, `s-${randomBytes(8).toString('hex')}`, more);
      offsets.push(String(offset));
    }
    return offsets;
  }

  /** Writes a Socket.IO packet as it stands, past everything that the client library would refuse to send. */
  writeRaw(packet: string): void {
    const { engine } = this.socket.io;
    engine.write(packet);
  }

  /** The bodies received so far, on one channel where one is named. */
  bodies(channel?: string): unknown[] {
    return this.messages
      .filter((message) => channel === undefined || message.channel === channel)
      .map(({ body }) => body);
  }

  async receives(count: number): Promise<Message[]> {
    await waitUntil(
      `${count} messages have come (${this.messages.length} so far)`,
      () => this.messages.length >= count,
    );
    return this.messages;
  }

  /** Waits until the server has ended the connection, and returns how the client library calls it. */
  async ended(): Promise<string> {
    await waitUntil('the connection has ended', () => this.disconnectReason !== undefined);
    return this.disconnectReason ?? '';
  }

  close(): void {
    open.delete(this);
    this.socket.disconnect();
  }
}
