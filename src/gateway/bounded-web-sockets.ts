import { type ServerOptions, WebSocketServer } from 'ws';

/** Clients write each message as one frame; a proxy may split it, but not into many. */
const MAX_FRAGMENTS = 8;

/** The `ws` server that Engine.IO makes, with a bound that Engine.IO has no option for: 16,384 fragments are its default. */
export class BoundedWebSockets extends WebSocketServer {
  constructor(options: ServerOptions) {
    super({ ...options, maxFragments: MAX_FRAGMENTS });
  }
}
