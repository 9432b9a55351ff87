import { Injectable } from '@nestjs/common';
import { Revocations } from '../auth';
import { type Connection, Hub } from '../hub';
import { InboxService } from '../inbox';
import { Logger } from '../logging';
import { NodeService } from '../node';
import { Watching } from '../presence';
import { BeelineError, type Channel, type Offset, type UserId } from '../shared';
import { Mailbox, type Refused, type Registered } from './mailbox.port';
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
    private readonly inbox: InboxService,
    private readonly watching: Watching,
    private readonly logger: Logger,
    revocations: Revocations,
  ) {
    revocations.listen((user, loginId) => this.endLogin(user, loginId));
  }

  /**
   * Known to the hub first, registered second: an envelope can only come after the registration, and finds the
   * connection. `unauthorized` for a revoked token, `session_conflict` by the policy `reject`, `unavailable` where the
   * store does not answer; nothing is left behind then.
   */
  async open(connection: Connection, since: ReadonlyMap<Channel, Offset>): Promise<Registered> {
    const { id, userId } = connection;
    this.hub.add(connection);
    try {
      const registered = await this.register(connection, since);
      connection.since = registered.since;
      // Closed meanwhile: a registration that the client library sent twice may have come after the unregister.
      if (!this.hub.has(userId, id)) this.unregister(connection);
      this.router.endReplaced(userId, registered.replaced);
      this.router.tellWatchers(userId, registered.watchers);
      for (const [channel, receipts] of registered.receipts)
        this.inbox.tellDelivered(userId, channel, receipts);
      return registered;
    } catch (error) {
      this.close(connection);
      throw error;
    }
  }

  /** A rival on a dead node must not lock the user out longer than its lease: so it is looked again who is alive. */
  private async register(connection: Connection, since: ReadonlyMap<Channel, Offset>): Promise<Registered> {
    const { id, userId, deviceId, grant, feeds } = connection;
    const attempt = (): Promise<Registered | Refused> =>
      this.mailbox.register(
        {
          userId,
          connectionId: id,
          nodeId: this.node.id,
          deviceId,
          grant,
          channels: [...feeds.keys()],
          since,
        },
        this.node.deadNodes(),
      );
    let outcome = await attempt();
    if ('refused' in outcome && outcome.refused === 'conflict') {
      if (await this.node.findDead(outcome.nodes)) outcome = await attempt();
    }
    if (!('refused' in outcome)) return outcome;
    throw outcome.refused === 'revoked'
      ? new BeelineError('unauthorized', 'the token has been revoked')
      : new BeelineError('session_conflict', 'the user is connected elsewhere');
  }

  /** Ends the connections of a login, on every node; of the whole user where none is named. */
  async endLogin(userId: UserId, loginId: string | undefined): Promise<void> {
    const routes = await this.mailbox.locate(userId, this.node.deadNodes());
    this.router.tell({ kind: 'revoked', userId, loginId }, routes);
  }

  /** Begins the replay, after the client has been greeted. */
  start(connection: Connection, registered: Registered): void {
    this.hub.start(connection, registered);
  }

  /** The connection is gone. Safe to call twice. A failure leaves an entry that runs out, or is found a stranger. */
  close(connection: Connection): void {
    this.watching.drop(connection);
    if (this.hub.remove(connection)) this.unregister(connection);
  }

  private unregister({ userId, id }: Connection): void {
    const left = this.mailbox
      .unregister(userId, this.node.id, [id], this.node.deadNodes())
      .then((watchers) => this.router.tellWatchers(userId, watchers))
      .catch((err: unknown) => this.logger.warn({ err, userId, connectionId: id }, 'not unregistered'))
      .finally(() => this.leaving.delete(left));
    this.leaving.add(left);
  }

  /** Resolves when everything that has been closed is out of presence. */
  async settled(): Promise<void> {
    await Promise.all(this.leaving);
  }
}
