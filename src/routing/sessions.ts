import { Injectable } from '@nestjs/common';
import { type Ended, Revocations } from '../auth';
import { Blocks } from '../blocks';
import { type Connection, Hub } from '../hub';
import { InboxService } from '../inbox';
import { Logger } from '../logging';
import { NodeService } from '../node';
import { Watching } from '../presence';
import { BeelineError, type Channel, type Offset, type UserId } from '../shared';
import { Departures } from './departures';
import { type Conflict, Mailbox, type Refused, type Registered } from './mailbox.port';
import { Router } from './router';

/** A connection's way in and out: hub and presence, always in the order that leaves no gap. */
@Injectable()
export class Sessions {
  constructor(
    private readonly hub: Hub,
    private readonly mailbox: Mailbox,
    private readonly node: NodeService,
    private readonly router: Router,
    private readonly inbox: InboxService,
    private readonly watching: Watching,
    private readonly departures: Departures,
    private readonly logger: Logger,
    revocations: Revocations,
    blocks: Blocks,
  ) {
    blocks.listen((user, other) => void this.tellBlock(user, other));
    revocations.listen((user, ended) => this.endLogins(user, ended));
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
      if (!this.hub.has(userId, id)) void this.departures.leave(userId, [id]);
      this.router.endReplaced(userId, registered.replaced);
      this.router.tellWatchers(userId, registered.watchers);
      for (const [channel, receipts] of registered.receipts)
        this.inbox.tellDelivered(userId, channel, receipts);
      return registered;
    } catch (error) {
      this.watching.drop(connection);
      this.hub.remove(connection);
      // Closed before or not: a registration that was given up may yet be carried out.
      void this.departures.leaveTwice(userId, [id]);
      throw error;
    }
  }

  /**
   * Nobody is locked out by what is not there: a rival on a dead node counts no longer than its lease, so it is looked again
   * who is alive; and a living node is asked whether it holds the rival, or only its entry.
   */
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
    if (isConflict(outcome) && (await this.node.findDead([...outcome.rivals.keys()])))
      outcome = await attempt();
    if (isConflict(outcome)) {
      await this.router.clearGhosts(userId, outcome.rivals);
      outcome = await attempt();
    }
    if (!('refused' in outcome)) return outcome;
    throw outcome.refused === 'revoked'
      ? new BeelineError('unauthorized', 'the token has been revoked')
      : new BeelineError('session_conflict', 'the user is connected elsewhere');
  }

  /** Ends the connections of these logins, on every node. */
  async endLogins(userId: UserId, ended: Ended): Promise<void> {
    const routes = await this.mailbox.locate(userId, this.node.deadNodes());
    if (ended === 'all') this.router.tell({ kind: 'revoked', userId, loginId: undefined }, routes);
    else if ('loginId' in ended) this.router.tell({ kind: 'revoked', userId, ...ended }, routes);
    else this.router.tell({ kind: 'others-revoked', userId, ...ended }, routes);
  }

  /** Tells the nodes of both: each may watch the other. Who is missed reads it at the next change, or asks. */
  private async tellBlock(userId: UserId, other: UserId): Promise<void> {
    try {
      const dead = this.node.deadNodes();
      const [mine, theirs] = await Promise.all([
        this.mailbox.locate(userId, dead),
        this.mailbox.locate(other, dead),
      ]);
      this.router.tell({ kind: 'block', userId, other }, new Map([...mine, ...theirs]));
    } catch (err) {
      this.logger.warn({ err, userId }, 'block not told: watchers see it at the next change');
    }
  }

  /** Begins the replay, after the client has been greeted. */
  start(connection: Connection, registered: Registered): void {
    this.hub.start(connection, registered);
  }

  /** The connection is gone. Safe to call twice. */
  close(connection: Connection): void {
    this.watching.drop(connection);
    if (this.hub.remove(connection)) void this.departures.leave(connection.userId, [connection.id]);
  }

  /** Resolves when everything that has been closed is out of presence, or after `withinMs`. */
  async settled(withinMs: number): Promise<void> {
    await this.departures.settled(withinMs);
  }
}

function isConflict(outcome: Registered | Refused): outcome is Conflict {
  return 'refused' in outcome && outcome.refused === 'conflict';
}
