import { Injectable } from '@nestjs/common';
import { type Connection, Hub } from '../hub';
import { Logger } from '../logging';
import { NodeService } from '../node';
import type { Channel, Offset } from '../shared';
import { Mailbox, type Registered } from './mailbox.port';
import { Router } from './router';

/** A connection's way in and out: hub and presence, always in the order that leaves no gap. */
@Injectable()
export class Sessions {
  private readonly leaving = new Set<Promise<void>>();

  constructor(
    private readonly hub: Hub,
    private readonly mailbox: Mailbox,
    private readonly node: NodeService,
    private readonly router: Router,
    private readonly logger: Logger,
  ) {}

  /**
   * Known to the hub first, registered second: an envelope can only come after the registration, and finds the
   * connection. `unavailable` where the store does not answer; nothing is left behind then.
   */
  async open(connection: Connection, since: ReadonlyMap<Channel, Offset>): Promise<Registered> {
    const { id, userId, deviceId, feeds } = connection;
    this.hub.add(connection);
    try {
      const registered = await this.mailbox.register(
        { userId, connectionId: id, nodeId: this.node.id, deviceId, channels: [...feeds.keys()], since },
        this.node.deadNodes(),
      );
      connection.since = registered.since;
      // Closed meanwhile: a registration that the client library sent twice may have come after the unregister.
      if (!this.hub.has(userId, id)) this.unregister(connection);
      this.router.endReplaced(userId, registered.replaced);
      return registered;
    } catch (error) {
      this.close(connection);
      throw error;
    }
  }

  /** Begins the replay, after the client has been greeted. */
  start(connection: Connection, positions: ReadonlyMap<Channel, Offset>): void {
    this.hub.start(connection, positions);
  }

  /** The connection is gone. Safe to call twice. A failure leaves an entry that runs out, or is found a stranger. */
  close(connection: Connection): void {
    if (this.hub.remove(connection)) this.unregister(connection);
  }

  private unregister({ userId, id }: Connection): void {
    const left = this.mailbox
      .unregister(userId, this.node.id, [id], this.node.deadNodes())
      .catch((err: unknown) => this.logger.warn({ err, userId, connectionId: id }, 'not unregistered'))
      .finally(() => this.leaving.delete(left));
    this.leaving.add(left);
  }

  /** Resolves when everything that has been closed is out of presence. */
  async settled(): Promise<void> {
    await Promise.all(this.leaving);
  }
}
