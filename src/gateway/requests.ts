import { BeelineError } from '../shared';
import { type EngineSocket, webSocketOf } from './beeline-socket';

/**
 * The requests of one connection. On a node that drains they are answered before the connection is closed: what the
 * client had written by then is read and handled, what it writes later is refused.
 */
export class Requests {
  private readonly underWay = new Set<Promise<void>>();
  private closed = false;

  constructor(private readonly conn: EngineSocket) {}

  /** Handles a request, or throws where the connection is about to be closed. */
  handle(handler: () => Promise<object>): Promise<object> {
    if (this.closed) throw new BeelineError('unavailable', 'the node is draining');
    return handler();
  }

  /** Notes a request that will have been answered when `answered` resolves, which it does in any case. */
  add(answered: Promise<void>): void {
    this.underWay.add(answered);
    void answered.then(() => this.underWay.delete(answered));
  }

  /**
   * Resolves when everything is answered that the client had written before it read what was sent to it last, or after
   * that time. From then on requests are refused.
   */
  async finish(withinMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, withinMs);
    });
    const gone = new Promise<void>((resolve) => this.conn.once('close', () => resolve()));
    await Promise.race([this.allRead(), late, gone]);
    this.closed = true;
    await Promise.race([Promise.all(this.underWay), late, gone]);
    clearTimeout(timer);
  }

  /** A WebSocket is read in order, and a ping answered at once: what comes before the pong was written before it. */
  private async allRead(): Promise<void> {
    if (this.conn.transport.writable === false) {
      await new Promise<void>((resolve) => this.conn.transport.once('ready', () => resolve()));
    }
    const webSocket = webSocketOf(this.conn);
    await new Promise<void>((resolve) => {
      webSocket.once('pong', resolve);
      webSocket.ping();
    });
  }
}
