import type { INestApplicationContext } from '@nestjs/common';
import { IoAdapter } from '@nestjs/platform-socket.io';
import type { Server, ServerOptions } from 'socket.io';
import { Config } from '../config';
import { NodeService } from '../node';
import { Admission } from './admission';
import { isOriginAllowed } from './handshake';
import { endOnUnfinishedPacket } from './unfinished-packets';
import type { BeelineSocket } from './beeline-socket';

/** Socket.IO's own limit of a frame: larger ones cut the connection. Ours, far smaller, are answered. */
const MAX_FRAME_BYTES = 1_000_000;

/** Creates the Socket.IO server: WebSocket only, and refusing at the upgrade what should go to another node. */
export class SocketAdapter extends IoAdapter {
  private readonly config: Config;
  private readonly node: NodeService;
  private readonly admission: Admission;

  constructor(app: INestApplicationContext) {
    super(app);
    this.config = app.get(Config);
    this.node = app.get(NodeService, { strict: false });
    this.admission = app.get(Admission, { strict: false });
  }

  override createIOServer(port: number, options?: ServerOptions): Server {
    const { pingIntervalMs, pingTimeoutMs, corsOrigins } = this.config;
    const server = super.createIOServer(port, {
      ...options,
      path: '/socket.io',
      transports: ['websocket'],
      pingInterval: pingIntervalMs,
      pingTimeout: pingTimeoutMs,
      maxHttpBufferSize: MAX_FRAME_BYTES,
      perMessageDeflate: false,
      // An HTTP error here makes stock clients try again, elsewhere; a refusal later would be final for them.
      allowRequest: (request, answer) => {
        if (!this.node.isReady || this.admission.isFull) answer('not ready', false);
        else answer(null, isOriginAllowed(request, corsOrigins));
      },
    } as ServerOptions) as Server;
    server.engine.on('connection', (conn: BeelineSocket['conn']) =>
      endOnUnfinishedPacket(conn, MAX_FRAME_BYTES),
    );
    return server;
  }

  /** The gateway binds its events itself; Nest's way makes an observable per message. */
  override bindMessageHandlers(): void {}
}
