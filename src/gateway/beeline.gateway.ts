import { randomBytes } from 'node:crypto';
import { type OnGatewayInit, WebSocketGateway } from '@nestjs/websockets';
import type { Server } from 'socket.io';
import { type Identity, TokenVerifier } from '../auth';
import { Config } from '../config';
import { Connection, Hub } from '../hub';
import { InboxService } from '../inbox';
import { Logger } from '../logging';
import { NodeService } from '../node';
import { type Registered, Sessions } from '../routing';
import { BeelineError, type ConnectionId, StoreClock, toClientError } from '../shared';
import { dispatch } from './dispatch';
import type { ClientToServerEvents, ServerToClientEvents } from './events';
import { readHandshake } from './handshake';
import { RequestHandlers } from './request-handlers';
import { type BeelineSocket, SocketOutlet } from './socket-outlet';

type BeelineServer = Server<ClientToServerEvents, ServerToClientEvents>;

/** What the middleware found out, for when the socket is open. */
interface Admitted {
  identity: Identity;
  connection: Connection;
  outlet: SocketOutlet;
  registered: Registered;
}

/**
 * Socket.IO in and out. A handshake is authenticated and registered in middleware, before Socket.IO lets it in:
 * guards do not run for connections, and a client may send its first event the moment it is connected.
 *
 * Events are dispatched here and not by `@SubscribeMessage`: every event has to be answered, unknown ones too, and
 * none may cost an observable (docs/decisions/0005).
 */
@WebSocketGateway()
export class BeelineGateway implements OnGatewayInit<BeelineServer> {
  private readonly admitted = new WeakMap<BeelineSocket, Admitted>();

  constructor(
    private readonly config: Config,
    private readonly clock: StoreClock,
    private readonly verifier: TokenVerifier,
    private readonly node: NodeService,
    private readonly sessions: Sessions,
    private readonly hub: Hub,
    private readonly inbox: InboxService,
    private readonly handlers: RequestHandlers,
    private readonly logger: Logger,
  ) {}

  afterInit(server: BeelineServer): void {
    server.use((socket, next) => {
      this.admit(socket).then(
        () => next(),
        (error: unknown) => next(this.refusal(error)),
      );
    });
    server.on('connection', (socket) => this.open(socket));
  }

  private async admit(socket: BeelineSocket): Promise<void> {
    const { token, deviceId, since } = readHandshake(socket.handshake.auth);
    const identity = await this.verifier.verify(token);
    const connectionId = randomBytes(12).toString('base64url') as ConnectionId;
    const outlet: SocketOutlet = new SocketOutlet(socket, () => this.hub.drained(connection));
    const connection = new Connection(connectionId, identity.userId, deviceId, this.inbox.channels, outlet);
    // The transport's end is the only sure sign: a socket that goes while it is being admitted says nothing else.
    socket.conn.once('close', () => this.sessions.close(connection));
    const registered = await this.sessions.open(connection, since);
    if (socket.conn.readyState === 'open')
      this.admitted.set(socket, { identity, connection, outlet, registered });
    else this.sessions.close(connection);
  }

  private open(socket: BeelineSocket): void {
    const admitted = this.admitted.get(socket);
    if (admitted === undefined || !admitted.outlet.opened()) return;
    const { connection, registered } = admitted;
    const ids = { userId: connection.userId, connectionId: connection.id };
    socket.onAny((event: string, ...args: unknown[]) => {
      void dispatch(args, (payload) => this.handlers.handle(event, connection, payload), this.logger, ids);
    });
    this.greet(socket, admitted);
    this.sessions.start(connection, registered.positions);
    this.logger.debug({ ...ids, nodeId: this.node.id }, 'connected');
  }

  private greet(socket: BeelineSocket, { identity, connection, registered }: Admitted): void {
    socket.emit('session', {
      protocol: 1,
      userId: connection.userId,
      deviceId: connection.deviceId ?? connection.id,
      connectionId: connection.id,
      nodeId: this.node.id,
      expiresAt: identity.expiresAt,
      serverTime: this.clock.now(),
      limits: { maxBodyBytes: this.config.maxBodyBytes, sendRatePerSecond: this.config.sendRatePerSecond },
      channels: Object.fromEntries(registered.channels),
    });
  }

  /** Stock clients read `data` of a `connect_error`: it is the contract's error object. */
  private refusal(thrown: unknown): Error {
    const error: BeelineError = toClientError(thrown);
    if (error.code === 'internal') this.logger.error({ err: thrown }, 'handshake failed');
    return Object.assign(new Error(error.message), { data: error.toBody() });
  }
}
