import type { IncomingMessage } from 'node:http';
import { Injectable } from '@nestjs/common';
import { Config } from '../config';
import { addressOf } from '../limits';
import { BeelineError } from '../shared';
import type { BeelineSocket } from './beeline-socket';

type EngineSocket = BeelineSocket['conn'];

/** Past the limit a client is told why; past twice the limit it is not worth a WebSocket any more. */
const UPGRADES_PER_PLACE = 2;

/**
 * Connections that one address has on this node. Over the limit the handshake is refused with `rate_limited`: final
 * for stock clients, and rightly so, since waiting a moment gives little room, and clients that come back every few
 * seconds for ever are what the limit is to keep away. It says `retryable`, for an application that knows better.
 *
 * Transports are counted, not sessions, so that one that never says a word has a place too, until it is cut off
 * for that; and since those told why would be without number, an upgrade past twice the limit is an HTTP error.
 */
@Injectable()
export class AddressLimit {
  private readonly counts = new Map<string, number>();
  private readonly over = new WeakSet<EngineSocket>();
  private readonly max: number;

  constructor(private readonly config: Config) {
    this.max = config.maxConnectionsPerAddress;
  }

  mayUpgrade(request: IncomingMessage): boolean {
    return this.max === 0 || this.countOf(this.addressOf(request)) < UPGRADES_PER_PLACE * this.max;
  }

  /** A transport has been opened. */
  track(conn: EngineSocket): void {
    if (this.max === 0) return;
    const address = this.addressOf(conn.request);
    const count = this.countOf(address) + 1;
    this.counts.set(address, count);
    if (count > this.max) this.over.add(conn);
    conn.once('close', () => this.leave(address));
  }

  /** Throws `rate_limited` for a transport that was one too many when it was opened. */
  check(conn: EngineSocket): void {
    if (!this.over.has(conn)) return;
    const message = `at most ${this.max} connections are taken from one address`;
    throw new BeelineError('rate_limited', message);
  }

  private leave(address: string): void {
    const count = this.countOf(address) - 1;
    if (count > 0) this.counts.set(address, count);
    else this.counts.delete(address);
  }

  private countOf(address: string): number {
    return this.counts.get(address) ?? 0;
  }

  private addressOf(request: IncomingMessage): string {
    return addressOf(request, this.config.trustedProxies);
  }
}
