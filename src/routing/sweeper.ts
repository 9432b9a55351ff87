import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Config } from '../config';
import { Hub } from '../hub';
import { InboxService } from '../inbox';
import { Logger } from '../logging';
import { type CatchUpCause, Metrics } from '../metrics';
import { NodeService } from '../node';
import { type ConnectionId, monotonicMs, type UserId } from '../shared';
import { Mailbox } from './mailbox.port';
import { SweepPlan } from './sweep-plan';

const TICK_MS = 50;

/**
 * Compares each connected user with the store once per interval, spread evenly: renews presence, ends
 * connections that have lost their place, lets feeds catch up. The one mechanism behind every fast path that may
 * fail: lost publishes, lost ends, an emptied Redis, a failover, expired presence, a thawed node.
 */
@Injectable()
export class Sweeper implements OnApplicationBootstrap {
  private readonly plan: SweepPlan;
  private timer: NodeJS.Timeout | undefined;
  private underWay = 0;

  constructor(
    private readonly config: Config,
    private readonly hub: Hub,
    private readonly mailbox: Mailbox,
    private readonly node: NodeService,
    private readonly inbox: InboxService,
    private readonly logger: Logger,
    private readonly metrics: Metrics,
  ) {
    this.plan = new SweepPlan(config.sweepIntervalMs, config.sweepMaxPerSecond);
    node.listen({ onDoubt: () => this.plan.hurry() });
  }

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => this.tick(), TICK_MS);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private tick(): void {
    const room = this.config.sweepMaxPerSecond - this.underWay;
    const cause = this.plan.isHurried ? 'resubscribe' : 'sweep';
    const count = this.plan.take(monotonicMs(), this.hub.userCount, room);
    for (const user of this.hub.nextUsers(count)) void this.sweep(user, cause);
  }

  private async sweep(user: UserId, cause: CatchUpCause): Promise<void> {
    const connections = this.hub
      .connectionsOf(user)
      .filter(({ since }) => since > 0)
      .map(({ id, deviceId, grant, since }) => ({ connectionId: id, deviceId, grant, since }));
    if (connections.length === 0) return;
    this.underWay += 1;
    const startedAt = monotonicMs();
    try {
      const { lasts, lost } = await this.mailbox.sweep(
        user,
        this.node.id,
        connections,
        this.inbox.channels,
        this.node.deadNodes(),
      );
      for (const [id, reason] of lost) this.hub.end(user, id, reason);
      this.hub.compare(user, lasts, cause);
      await this.removeGhosts(user, connections);
    } catch (err) {
      this.logger.warn({ err, userId: user }, 'sweep failed: the next round tries again');
    } finally {
      this.underWay -= 1;
      this.metrics.sweepDuration.observe((monotonicMs() - startedAt) / 1000);
    }
  }

  /** A connection that closed while its sweep was under way may have been written again after its unregister. */
  private async removeGhosts(user: UserId, swept: readonly { connectionId: ConnectionId }[]): Promise<void> {
    const gone = swept.map(({ connectionId }) => connectionId).filter((id) => !this.hub.has(user, id));
    if (gone.length > 0) await this.mailbox.unregister(user, this.node.id, gone, this.node.deadNodes());
  }
}
