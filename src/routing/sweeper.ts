import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Config } from '../config';
import { Hub } from '../hub';
import { InboxService } from '../inbox';
import { Logger } from '../logging';
import { type CatchUpCause, Metrics } from '../metrics';
import { NodeService } from '../node';
import { type ConnectionId, monotonicMs, type UserId } from '../shared';
import { Departures } from './departures';
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
    private readonly departures: Departures,
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
      const gone = this.goneAmong(user, connections);
      if (gone.length > 0) await this.departures.leave(user, gone);
    } catch (err) {
      this.logger.warn({ err, userId: user }, 'sweep failed: the next round tries again');
      const gone = this.goneAmong(user, connections);
      if (gone.length > 0) await this.departures.leaveTwice(user, gone);
    } finally {
      this.underWay -= 1;
      this.metrics.sweepDuration.observe((monotonicMs() - startedAt) / 1000);
    }
  }

  /** Connections that closed while their sweep was under way: it may write them again after they were unregistered. */
  private goneAmong(user: UserId, swept: readonly { connectionId: ConnectionId }[]): ConnectionId[] {
    return swept.map(({ connectionId }) => connectionId).filter((id) => !this.hub.has(user, id));
  }
}
