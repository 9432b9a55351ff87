import { BeelineError } from '../shared';
import { type EngineSocket, webSocketOf } from './beeline-socket';
import type { Reading } from './reading';

/** A client that has asked so much is read from again when half of it is answered. */
const MAX_UNDER_WAY = 128;
const MAX_LOOK_UPS = 16;

/**
 * The requests of one connection. On a node that drains they are answered before the connection is closed: what the
 * client had written by then is read and handled, what it writes later is refused.
 */
export class Requests {
  private readonly underWay = new Set<Promise<void>>();
  private lookUps = 0;
  private waiting: (() => void)[] | undefined;
  private closed = false;

  constructor(
    private readonly conn: EngineSocket,
    private readonly reading: Reading,
  ) {}

  /** Handles a request, or throws where the connection is about to be closed. Of look-ups few are under way at a time. */
  handle(handler: () => Promise<object>, isLookUp: boolean): Promise<object> {
    if (this.closed) throw new BeelineError('unavailable', 'the node is draining');
    return isLookUp ? this.inTurn(handler) : handler();
  }

  private async inTurn(handler: () => Promise<object>): Promise<object> {
    if (this.lookUps >= MAX_LOOK_UPS) {
      this.waiting ??= [];
      const { waiting } = this;
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else this.lookUps += 1;
    try {
      return await handler();
    } finally {
      const next = this.waiting?.shift();
      if (next === undefined) this.lookUps -= 1;
      else next();
    }
  }

  /** Notes a request that will have been answered when `answered` resolves, which it does in any case. */
  add(answered: Promise<void>): void {
    this.underWay.add(answered);
    if (this.underWay.size === MAX_UNDER_WAY) this.reading.stop('under way');
    void answered.then(() => {
      this.underWay.delete(answered);
      if (this.underWay.size === MAX_UNDER_WAY / 2) this.reading.goOn('under way');
    });
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
