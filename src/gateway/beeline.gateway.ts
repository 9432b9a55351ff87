import { type OnGatewayInit, WebSocketGateway } from '@nestjs/websockets';
import { SCOPE_SEND_ANY, TokenVerifier } from '../auth';
import { Config } from '../config';
import { Connection, Hub } from '../hub';
import { InboxService } from '../inbox';
import { IntakeRate } from '../limits';
import { Logger, OnceAMinute } from '../logging';
import { Metrics } from '../metrics';
import { NodeService } from '../node';
import { type Registered, Sessions } from '../routing';
import {
  BeelineError,
  monotonicMs,
  newConnectionId,
  StoreClock,
  StoreUnavailable,
  toClientError,
} from '../shared';
import type { BeelineServer, BeelineSocket } from './beeline-socket';
import { AddressLimit } from './address-limit';
import { Admission } from './admission';
import { Conduct } from './conduct';
import { dispatch } from './dispatch';
import { grantOf } from './grant';
import { readHandshake, tokenOf } from './handshake';
import { isLookUp, RequestHandlers } from './request-handlers';
import { RetryAdvice } from './retry-advice';
import { SocketOutlet } from './socket-outlet';
import { Transports } from './transports';

/** By then a node whose store is away is no longer ready; where a part of it is away, it still is. */
const STORE_IS_MISSED_AFTER_MS = 10_000;

/** What the middleware found out, for when the socket is open. */
interface Admitted {
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
  private readonly outages = new OnceAMinute();
  private readonly outage = new RetryAdvice();
  private readonly crowding = new RetryAdvice();
  private readonly admitted = new WeakMap<BeelineSocket, Admitted>();
  /** Transports that carry a connection, or one that is being admitted. */
  private readonly taken = new WeakSet<BeelineSocket['conn']>();

  constructor(
    private readonly config: Config,
    private readonly clock: StoreClock,
    private readonly verifier: TokenVerifier,
    private readonly node: NodeService,
    private readonly sessions: Sessions,
    private readonly hub: Hub,
    private readonly inbox: InboxService,
    private readonly handlers: RequestHandlers,
    private readonly admission: Admission,
    private readonly addressLimit: AddressLimit,
    private readonly transports: Transports,
    private readonly intake: IntakeRate,
    private readonly logger: Logger,
    private readonly metrics: Metrics,
  ) {}

  afterInit(server: BeelineServer): void {
    server.engine.on('connection', (conn: BeelineSocket['conn']) => this.addressLimit.track(conn));
    server.use((socket, next) => {
      if (!this.take(socket)) return;
      this.admission
        .run(() => this.admit(socket))
        .then(
          () => {
            this.outage.over();
            this.metrics.handshakes.inc(this.admitted.has(socket) ? 'ok' : 'gone');
            next();
          },
          (error: unknown) => this.refuse(socket, toClientError(error), next),
        );
    });
    server.on('connection', (socket) => this.open(socket));
  }

  /**
   * One connection per transport: Socket.IO lets a client connect a second time before the first has been let in, and
   * each would be pushed every message. Who does that is cut off.
   */
  private take({ conn }: BeelineSocket): boolean {
    if (this.taken.has(conn)) {
      this.metrics.handshakes.inc('bad_request');
      conn.close();
      return false;
    }
    this.taken.add(conn);
    return true;
  }

  private async admit(socket: BeelineSocket): Promise<void> {
    if (socket.conn.readyState !== 'open') return;
    this.addressLimit.check(socket.conn);
    const { auth } = socket.handshake;
    const identity = await this.verifier.verify(tokenOf(auth));
    const { deviceId, since } = readHandshake(auth);
    const connectionId = newConnectionId();
    const outlet: SocketOutlet = new SocketOutlet(
      socket,
      this.config.maxBufferedBytes,
      () => this.hub.drained(connection),
      () => this.noteEviction(connection, 'it does not read'),
    );
    const { channels } = this.inbox;
    const grant = grantOf(identity);
    const connection = new Connection(connectionId, identity.userId, deviceId, channels, outlet, grant);
    // The transport's end is the only sure sign: a socket that goes while it is being admitted says nothing else.
    socket.conn.once('close', () => this.sessions.close(connection));
    if (this.node.isDraining) throw new BeelineError('unavailable', 'the node is draining');
    const registered = await this.sessions.open(connection, since);
    if (socket.conn.readyState === 'open') {
      this.transports.admitted(socket.conn);
      this.admitted.set(socket, { connection, outlet, registered });
    } else this.sessions.close(connection);
  }

  private open(socket: BeelineSocket): void {
    const admitted = this.admitted.get(socket);
    // What registration said is for the greeting and the replay, and not to be held as long as the connection.
    this.admitted.delete(socket);
    if (admitted === undefined || !admitted.outlet.opened()) return;
    const { connection, registered, outlet } = admitted;
    const { requests, reading } = outlet;
    socket.conn.on('packet', ({ data }: { data?: unknown }) => {
      const waitMs = this.intake.charge(connection.userId, sizeOf(data));
      if (waitMs > 0) reading.stopFor('said', waitMs);
    });
    // A client can leave and keep its transport open, for another namespace or for ever: the connection ends all the same.
    const ids = { userId: connection.userId, connectionId: connection.id };
    socket.once('disconnect', (reason) => {
      this.sessions.close(connection);
      socket.conn.close();
      const fields = { ...ids, nodeId: this.node.id, reason, ended: outlet.endedFor };
      this.logger.debug(fields, 'disconnected');
    });
    const sender = { ids, outages: this.outages, conduct: new Conduct(() => this.evict(connection)) };
    socket.onAny((event: string, ...args: unknown[]) => {
      const handle = (payload: unknown): Promise<object> =>
        requests.handle(() => this.handlers.handle(event, connection, payload), isLookUp(event));
      requests.add(dispatch(args, handle, this.logger, sender));
    });
    this.greet(socket, admitted);
    this.sessions.start(connection, registered);
    this.logger.debug({ ...ids, nodeId: this.node.id }, 'connected');
  }

  /** It has been told `rate_limited` for long, and has not listened. */
  private evict(connection: Connection): void {
    this.noteEviction(connection, 'over its limits for too long');
    connection.outlet.end('evicted');
  }

  private noteEviction({ userId, id }: Connection, why: string): void {
    this.metrics.evictions.inc();
    this.logger.warn({ userId, connectionId: id, nodeId: this.node.id, why }, 'evicted');
  }

  private greet(socket: BeelineSocket, { connection, registered }: Admitted): void {
    socket.emit('session', {
      protocol: 1,
      userId: connection.userId,
      deviceId: connection.deviceId ?? connection.id,
      connectionId: connection.id,
      nodeId: this.node.id,
      expiresAt: connection.grant.expiresAt,
      serverTime: this.clock.now(),
      limits: {
        maxBodyBytes: this.config.maxBodyBytes,
        sendRatePerSecond: connection.grant.scopes.has(SCOPE_SEND_ANY)
          ? this.config.backendSendRatePerSecond
          : this.config.sendRatePerSecond,
      },
      channels: Object.fromEntries(registered.channels),
    });
  }

  /**
   * A refusal in middleware is final for stock clients, who read the contract's error object as `data` of their
   * `connect_error`; where it is worth another try, it says when. Where the next upgrade will be refused, the transport
   * is closed instead: stock clients come back by themselves then, and that HTTP error makes them back off.
   */
  private refuse(socket: BeelineSocket, error: BeelineError, next: (refusal: Error) => void): void {
    this.metrics.handshakes.inc(error.code);
    this.logger.debug({ code: error.code, nodeId: this.node.id }, 'handshake refused');
    const cause = error.code === 'unavailable' ? this.outage : this.crowding;
    const { lastedMs, retryAfterMs } = error.retryable ? cause.met(monotonicMs()) : {};
    const isNoticedSoon = error instanceof StoreUnavailable && Number(lastedMs) < STORE_IS_MISSED_AFTER_MS;
    if (isNoticedSoon || (error.code === 'unavailable' && !this.node.isReady)) {
      socket.conn.close();
      return;
    }
    this.taken.delete(socket.conn);
    this.transports.refused(socket.conn);
    if (error.code === 'internal') this.logger.error({ err: error.cause }, 'handshake failed');
    const data = { ...(retryAfterMs !== undefined && { retryAfterMs }), ...error.toBody() };
    next(Object.assign(new Error(error.message), { data }));
  }
}

/** In characters where it is text: about the bytes, without counting them. */
function sizeOf(data: unknown): number {
  if (typeof data === 'string') return data.length;
  return data instanceof Uint8Array ? data.byteLength : 0;
}
