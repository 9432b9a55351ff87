import { io, type Socket } from 'socket.io-client';
import type { Answer, ClientToServerEvents, ServerToClientEvents, SessionEvent } from '../../src/gateway';
import type { Message } from '../../src/shared';
import { type BeelineNode, tokenFor } from './beeline-node';
import { waitUntil } from './wait-until';

type ClientSocket = Socket<ServerToClientEvents, ClientToServerEvents>;

export interface ClientOptions {
  deviceId?: string;
  since?: Record<string, string> | string;
  token?: string;
  reconnection?: boolean;
}

/** A real Socket.IO client that writes down everything it is told. */
export class TestClient {
  readonly messages: Message[] = [];
  /** Every event in the order of its arrival, with its first argument. */
  readonly events: { event: string; payload: unknown }[] = [];
  disconnectReason: string | undefined;

  private constructor(readonly socket: ClientSocket) {
    socket.onAny((event: string, payload: unknown) => {
      this.events.push({ event, payload });
      if (event === 'message') this.messages.push(payload as Message);
    });
    socket.on('disconnect', (reason) => {
      this.disconnectReason = reason;
    });
  }

  /** Connects and waits until every channel is synced. Rejects with the `connect_error`'s `data` where refused. */
  static async connect(node: BeelineNode, user: string, options: ClientOptions = {}): Promise<TestClient> {
    const client = TestClient.start(node, user, options);
    await new Promise<void>((resolve, reject) => {
      client.socket.once('connect', resolve);
      client.socket.once('connect_error', (error) => reject((error as { data?: Error }).data ?? error));
    });
    await client.synced();
    return client;
  }

  /** Begins to connect, and does not wait. */
  static start(node: BeelineNode, user: string, options: ClientOptions = {}): TestClient {
    const { deviceId, since, token = tokenFor(user), reconnection = false } = options;
    const auth = { token, ...(deviceId && { deviceId }), ...(since && { since }) };
    return new TestClient(io(node.url, { transports: ['websocket'], auth, reconnection, forceNew: true }));
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

  async receives(count: number): Promise<Message[]> {
    await waitUntil(
      `${count} messages have come (${this.messages.length} so far)`,
      () => this.messages.length >= count,
    );
    return this.messages;
  }

  close(): void {
    this.socket.disconnect();
  }
}
