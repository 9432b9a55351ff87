import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import { Config } from '../config';
import { type Connection, Hub } from '../hub';
import { Logger } from '../logging';
import { NodeService } from '../node';
import { Sessions, Sweeper } from '../routing';

/** Apart enough that the other nodes are not met by everybody at once. */
const SPREAD_PER_CONNECTION_MS = 20;

/** The share of `DRAIN_TIMEOUT_MS` that requests under way may take to be answered, and clients to let go. */
export const PATIENCE = 1 / 8;
/** The share that the store may take to be told who has left: a node that is off the list holds nobody in any case. */
const STORE_PATIENCE = 1 / 4;

/**
 * Leaving in order: not ready, no new handshakes, connections told and closed one after another, presence cleared,
 * off the list of nodes. Done here and awaited, since Nest does not wait for `handleDisconnect` when it shuts down.
 */
@Injectable()
export class Drain implements BeforeApplicationShutdown {
  constructor(
    private readonly config: Config,
    private readonly node: NodeService,
    private readonly hub: Hub,
    private readonly sessions: Sessions,
    private readonly sweeper: Sweeper,
    private readonly logger: Logger,
  ) {}

  async beforeApplicationShutdown(): Promise<void> {
    this.node.beginDrain();
    this.logger.info({ nodeId: this.node.id, connections: this.hub.size }, 'draining');
    await this.closeConnections();
    this.sweeper.stop();
    try {
      await this.sessions.settled(this.config.drainTimeoutMs * STORE_PATIENCE);
      await this.node.leave();
    } catch (err) {
      this.logger.warn({ err, nodeId: this.node.id }, 'left without telling: the lease runs out by itself');
    }
    this.logger.info({ nodeId: this.node.id }, 'drained');
  }

  /** One after another; resolves when the last request under way has been answered. */
  private async closeConnections(): Promise<void> {
    const connections = this.hub.all();
    const spreadMs = Math.min(SPREAD_PER_CONNECTION_MS * connections.length, this.config.drainTimeoutMs / 2);
    const stepMs = spreadMs / Math.max(1, connections.length);
    const startedAt = performance.now();
    const leaving: Promise<void>[] = [];
    for (const [i, connection] of connections.entries()) {
      const dueInMs = i * stepMs - (performance.now() - startedAt);
      if (dueInMs > 1) await delay(dueInMs);
      leaving.push(this.leave(connection, spreadMs));
    }
    // Those whose handshake was under way when it began.
    for (const connection of this.hub.all()) leaving.push(this.leave(connection, spreadMs));
    await Promise.all(leaving);
  }

  /** Out of the hub at once: nothing is pushed after `session:end`. */
  private leave(connection: Connection, spreadMs: number): Promise<void> {
    const left = connection.outlet.leave(Math.round(spreadMs), this.config.drainTimeoutMs * PATIENCE);
    this.sessions.close(connection);
    return left;
  }
}
