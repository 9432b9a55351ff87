import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';
import { ExpressAdapter } from '@nestjs/platform-express';
import express from 'express';

/** A token has up to 16,384 characters, and is not the only header. */
const MAX_HEADER_BYTES = 32 * 1024;
/** From the connection, or from the answer before, to the end of the headers. */
const HEADERS_TIMEOUT_MS = 10_000;
/** From the first byte of a request to the last of its body. */
const REQUEST_TIMEOUT_MS = 15_000;
/** How often Node looks for connections that are past these. */
const CHECK_INTERVAL_MS = 1000;
/** Nothing read or written for so long, on a connection that is no WebSocket: nobody takes our answer. */
const IDLE_TIMEOUT_MS = 30_000;
/** Browsers and proxies ask for one thing at a time on a connection. */
const MAX_REQUESTS_UNDER_WAY = 4;
/** For whoever is still sending a body that nobody reads: time to take the answer. */
const LINGER_MS = 1000;

/**
 * Express on an HTTP server that nobody can fill: a request has seconds to arrive, a connection has few requests under
 * way, and it ends where a body was left unread.
 */
export class BoundedExpressAdapter extends ExpressAdapter {
  private readonly underWay = new WeakMap<Socket, number>();

  private operators: Server | undefined;

  /**
   * A route is what it says, letter by letter: `/Metrics` and `/metrics/` are not `/metrics`, so that whoever keeps a path
   * from others (a proxy) need not know how else it could be written. It is said before the adapter makes its router,
   * which reads it once.
   */
  constructor() {
    super(express().enable('case sensitive routing').enable('strict routing'));
  }

  override initHttpServer(): void {
    this.httpServer = this.makeServer();
  }

  /** The same routes on a port of their own; which of them are where, a handler decides (`operatorsOnly`). */
  async listenForOperators(port: number, host: string): Promise<void> {
    this.operators = this.makeServer();
    this.operators.listen(port, host);
    await once(this.operators, 'listening');
  }

  override async close(): Promise<void> {
    this.operators?.close();
    this.operators?.closeAllConnections();
    await (super.close() as Promise<void>);
  }

  private makeServer(): Server {
    const handle = this.getInstance<RequestListener>();
    const server = createServer(
      {
        maxHeaderSize: MAX_HEADER_BYTES,
        headersTimeout: HEADERS_TIMEOUT_MS,
        requestTimeout: REQUEST_TIMEOUT_MS,
        connectionsCheckingInterval: CHECK_INTERVAL_MS,
      },
      (request, response) => {
        if (this.enter(request, response)) handle(request, response);
      },
    );
    server.timeout = IDLE_TIMEOUT_MS;
    return server;
  }

  /** False for a request on a connection that has too many already: that one is cut. */
  private enter(request: IncomingMessage, response: ServerResponse): boolean {
    const { socket } = request;
    const count = (this.underWay.get(socket) ?? 0) + 1;
    if (count > MAX_REQUESTS_UNDER_WAY) {
      socket.destroy();
      return false;
    }
    this.underWay.set(socket, count);
    response.once('close', () => this.underWay.set(socket, (this.underWay.get(socket) ?? 1) - 1));
    response.once('finish', () => {
      if (!request.complete) setTimeout(() => endUnread(request), LINGER_MS).unref();
    });
    return true;
  }
}

/** Node would go on reading what nobody wants, for as long as it comes. */
function endUnread(request: IncomingMessage): void {
  if (!request.complete) request.socket.destroy();
}
