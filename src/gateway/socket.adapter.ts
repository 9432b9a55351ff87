import type { IncomingMessage, Server as HttpServer } from 'node:http';
import type { Socket } from 'node:net';
import type { INestApplicationContext } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import type { Server, ServerOptions } from 'socket.io';
import { Config } from '../config';
import { Logger, OriginLog } from '../logging';
import { Metrics } from '../metrics';
import { NodeService } from '../node';
import { type ErrorCode, isOriginAllowed, ORIGIN_REFUSED } from '../shared';
import { Announcer } from './announcer';
import type { BeelineServer, BeelineSocket } from './beeline-socket';
import { AddressLimit } from './address-limit';
import { Admission } from './admission';
import { PATIENCE } from './drain';
import { BoundedWebSockets } from './bounded-web-sockets';
import { Transports } from './transports';
import { endOnUnfinishedPacket } from './unfinished-packets';

/** Socket.IO's own limit of a frame: larger ones cut the connection. Ours, far smaller, are answered. */
const MAX_FRAME_BYTES = 1_000_000;
/** The guards of transports act long before: this one would close a handshake that waits for its turn here. */
const HANDSHAKE_TIMEOUT_MS = 60_000;

/** Creates the Socket.IO server: WebSocket only, and refusing at the upgrade what should go to another node. */
export class SocketAdapter extends IoAdapter {
  private readonly config: Config;
  private readonly node: NodeService;
  private readonly admission: Admission;
  private readonly announcer: Announcer;
  private readonly addressLimit: AddressLimit;
  private readonly metrics: Metrics;
  private readonly transports: Transports;
  private readonly origins: OriginLog;
  /** Every TCP connection: Node forgets those that have become a WebSocket, and waits for them all the same. */
  private readonly open = new Set<Socket>();

  constructor(app: INestApplicationContext) {
    super(app);
    this.config = app.get(Config);
    this.node = app.get(NodeService, { strict: false });
    this.admission = app.get(Admission, { strict: false });
    this.announcer = app.get(Announcer, { strict: false });
    this.addressLimit = app.get(AddressLimit, { strict: false });
    this.metrics = app.get(Metrics, { strict: false });
    this.transports = app.get(Transports, { strict: false });
    this.origins = new OriginLog(app.get<Logger>(Logger, { strict: false }));
    (this.httpServer as HttpServer).on('connection', (socket) => this.track(socket));
  }

  override createIOServer(port: number, options?: ServerOptions): Server {
    const { pingIntervalMs, pingTimeoutMs } = this.config;
    const server = super.createIOServer(port, {
      ...options,
      path: '/socket.io',
      transports: ['websocket'],
      pingInterval: pingIntervalMs,
      pingTimeout: pingTimeoutMs,
      maxHttpBufferSize: MAX_FRAME_BYTES,
      perMessageDeflate: false,
      wsEngine: BoundedWebSockets,
      connectTimeout: HANDSHAKE_TIMEOUT_MS,
      // An HTTP error here makes stock clients try again, elsewhere; a refusal later would be final for them.
      allowRequest: (request, answer) => {
        const refusal = this.refusalOf(request);
        if (refusal !== undefined) this.metrics.handshakes.inc(refusal.code);
        answer(refusal?.message, refusal === undefined);
      },
    } as ServerOptions) as BeelineServer;
    this.announcer.useServer(server);
    server.engine.on('connection', (conn: BeelineSocket['conn']) => {
      this.transports.open(conn);
      endOnUnfinishedPacket(conn, MAX_FRAME_BYTES);
    });
    return server as unknown as Server;
  }

  private refusalOf(request: IncomingMessage): { code: ErrorCode; message: string } | undefined {
    if (!this.node.isReady || this.admission.isFull || this.transports.isFull)
      return { code: 'unavailable', message: 'not ready' };
    if (!this.addressLimit.mayUpgrade(request))
      return { code: 'rate_limited', message: 'too many connections' };
    if (!isOriginAllowed(request.headers, this.config.corsOrigins)) {
      this.origins.refused(request.headers.origin);
      return { code: 'forbidden', message: ORIGIN_REFUSED };
    }
    return undefined;
  }

  /**
   * Waits for what is still open, requests of REST and clients that have been told to go, but only so long: one that has
   * vanished without a word answers no closing, and `ws` alone would wait for it for half a minute.
   */
  override async close(server: Server): Promise<void> {
    const cutting = setTimeout(() => {
      for (const socket of this.open) socket.destroy();
    }, this.config.drainTimeoutMs * PATIENCE);
    await super.close(server);
    clearTimeout(cutting);
  }

  private track(socket: Socket): void {
    this.open.add(socket);
    socket.once('close', () => this.open.delete(socket));
  }

  /** The gateway binds its events itself; Nest's way makes an observable per message. */
  override bindMessageHandlers(): void {}
}
