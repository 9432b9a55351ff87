import { Injectable } from '@nestjs/common';
import pLimit from 'p-limit';

/** Enough to keep Redis and one core busy; what waits behind them is served within a few seconds. */
const MAX_AT_ONCE = 64;
const MAX_WAITING = 2000;

/**
 * Handshakes are served so many at once, the next ones wait in turn, and past that they are refused while it is
 * cheap: thousands that come back at once after another node's death must not melt this one.
 */
@Injectable()
export class Admission {
  private readonly limit = pLimit(MAX_AT_ONCE);

  /** Whether another handshake would have to wait too long. */
  get isFull(): boolean {
    return this.limit.pendingCount >= MAX_WAITING;
  }

  /** Runs one handshake when it is its turn. */
  run<T>(handshake: () => Promise<T>): Promise<T> {
    return this.limit(handshake);
  }
}
