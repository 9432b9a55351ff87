import { type EngineSocket, webSocketOf } from './beeline-socket';

/** Why nothing is read from a client for now: it does not read itself, has asked for much, or has said much. */
export type Reason = 'unread' | 'under way' | 'said';

/** Whether a connection is read from: not while there is a reason against it. */
export class Reading {
  private readonly reasons = new Set<Reason>();

  constructor(private readonly conn: EngineSocket) {
    // A WebSocket is closed once the client's answer to that has been read: unread, it would stay for half a minute.
    conn.once('close', () => {
      for (const reason of this.reasons) this.goOn(reason);
    });
  }

  stop(reason: Reason): void {
    if (this.reasons.size === 0) webSocketOf(this.conn).pause();
    this.reasons.add(reason);
  }

  goOn(reason: Reason): void {
    if (this.reasons.delete(reason) && this.reasons.size === 0) webSocketOf(this.conn).resume();
  }

  /** Nothing is read for so long; what comes meanwhile waits with the client. */
  stopFor(reason: Reason, ms: number): void {
    if (this.reasons.has(reason)) return;
    this.stop(reason);
    setTimeout(() => this.goOn(reason), ms).unref();
  }
}
