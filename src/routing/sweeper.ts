import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Config } from '../config';
import { Hub } from '../hub';
import { InboxService } from '../inbox';
import { Logger, OnceAMinute } from '../logging';
import { type CatchUpCause, Metrics } from '../metrics';
import { NodeService } from '../node';
import { type ConnectionId, monotonicMs, type UserId } from '../shared';
import { Departures } from './departures';
import { EntryLife } from './entry-life';
import { Mailbox } from './mailbox.port';
import { SweepPlan } from './sweep-plan';

const TICK_MS = 50;
/** Of as many users as can be swept: with fewer there are not too many any more. */
const NO_LONGER = 0.9;

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
  private areTooMany = false;
  private readonly failures = new OnceAMinute();

  constructor(
    private readonly config: Config,
    private readonly hub: Hub,
    private readonly mailbox: Mailbox,
    private readonly node: NodeService,
    private readonly departures: Departures,
    private readonly inbox: InboxService,
    private readonly logger: Logger,
    private readonly metrics: Metrics,
    life: EntryLife,
  ) {
    this.plan = new SweepPlan(config.sweepIntervalMs, config.sweepMaxPerSecond);
    const { rotation } = hub;
    life.measureBy(() =>
      Math.max(this.plan.leastTurnMs(rotation.size), rotation.longestWaitMs(monotonicMs())),
    );
    node.listen({ onDoubt: () => this.plan.hurry() });
  }

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => this.tick(), TICK_MS);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private tick(): void {
    const { sweepIntervalMs, sweepMaxPerSecond } = this.config;
    const { rotation } = this.hub;
    const nowMs = monotonicMs();
    const room = sweepMaxPerSecond - this.underWay;
    const cause = this.plan.isHurried ? 'resubscribe' : 'sweep';
    const overdue = rotation.countSince(nowMs - sweepIntervalMs, sweepMaxPerSecond);
    this.warnOfTooMany(this.plan.leastTurnMs(rotation.size));
    const count = this.plan.take(nowMs, rotation.size, overdue, room);
    for (const user of rotation.take(count, nowMs)) void this.sweep(user, cause);
  }

  /** Once, until there are clearly fewer. */
  private warnOfTooMany(leastTurnMs: number): void {
    const { sweepIntervalMs, sweepMaxPerSecond } = this.config;
    if (leastTurnMs <= NO_LONGER * sweepIntervalMs) this.areTooMany = false;
    if (leastTurnMs <= sweepIntervalMs || this.areTooMany) return;
    this.areTooMany = true;
    this.logger.warn(
      { users: this.hub.rotation.size, sweepMaxPerSecond, sweepIntervalMs, turnMs: Math.round(leastTurnMs) },
      'more users than can be swept within the interval: a lost push is found later',
    );
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
      this.hub.rotation.served(user, monotonicMs());
      const gone = this.goneAmong(user, connections);
      if (gone.length > 0) await this.departures.leave(user, gone);
    } catch (err) {
      const count = this.failures.due('sweep');
      if (count !== undefined) {
        this.logger.warn({ err, userId: user, count }, 'sweep failed: the next round tries again');
      }
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
