import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import { Config } from '../config';
import { Logger } from '../logging';
import { NodeService } from '../node';
import { type ConnectionId, monotonicMs, type NodeId, type UserId } from '../shared';
import { Mailbox } from './mailbox.port';

/** Connections that are remembered, some MB; beyond it the oldest are left to run out by themselves. */
const MAX_REMEMBERED = 50_000;
/** Users who are tried again at the same time. */
const USERS_AT_ONCE = 32;
const FIRST_PAUSE_MS = 100;
const MAX_PAUSE_MS = 1000;
const SETTLE_STEP_MS = 10;

/** Told of each user of whom connections have left presence, and who watches that user. */
export type DepartureListener = (user: UserId, watchers: NodeId[]) => void;

interface Remembered {
  user: UserId;
  dueMs: number;
}

/**
 * Takes connections that this node does not hold out of presence: at once, and where the store does not take that, again
 * and again until it has. A command that was given up may still be carried out by a store that was silent; what it wrote
 * is taken out by a second departure, made when that is over.
 */
@Injectable()
export class Departures implements OnApplicationShutdown {
  /** In the order in which they were remembered. */
  private readonly remembered = new Map<ConnectionId, Remembered>();
  private underWay = 0;
  private listener: DepartureListener = () => {};
  private pauseMs = FIRST_PAUSE_MS;
  private timer: NodeJS.Timeout | undefined;
  /** Whether the last attempt failed: that is said once. */
  private isFailing = false;
  private isStopped = false;

  constructor(
    private readonly config: Config,
    private readonly mailbox: Mailbox,
    private readonly node: NodeService,
    private readonly logger: Logger,
  ) {}

  listen(listener: DepartureListener): void {
    this.listener = listener;
  }

  /** They have left. Resolves when that has been tried once. */
  async leave(user: UserId, connections: readonly ConnectionId[]): Promise<void> {
    await this.attemptOrRemember(user, connections);
    this.schedule();
  }

  /** As `leave`, where a command that may yet register them was given up just now. */
  async leaveTwice(user: UserId, connections: readonly ConnectionId[]): Promise<void> {
    const dueMs = monotonicMs() + this.config.redisCommandTimeoutMs;
    for (const id of connections) this.remember(id, { user, dueMs });
    this.schedule();
    await this.attempt(user, connections);
  }

  /**
   * Resolves when all that have left are out of presence, or after `withinMs`. What a silent store may yet write counts
   * for nothing once this node is in no list any more.
   */
  async settled(withinMs: number): Promise<void> {
    const deadline = monotonicMs() + withinMs;
    const isSettled = (): boolean =>
      this.underWay === 0 && [...this.remembered.values()].every(({ dueMs }) => dueMs > 0);
    while (!isSettled() && monotonicMs() < deadline) await delay(SETTLE_STEP_MS);
  }

  onApplicationShutdown(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
  }

  private remember(id: ConnectionId, entry: Remembered): void {
    this.remembered.set(id, entry);
    if (this.remembered.size <= MAX_REMEMBERED) return;
    const [oldest] = this.remembered.keys();
    if (oldest !== undefined) this.remembered.delete(oldest);
  }

  private schedule(): void {
    if (this.isStopped || this.timer !== undefined || this.remembered.size === 0) return;
    this.timer = setTimeout(() => void this.tryAgain(), this.pauseMs);
    this.timer.unref();
  }

  private async tryAgain(): Promise<void> {
    let [isMore, failed] = [true, false];
    while (isMore && !failed) {
      const due = this.takeDue(monotonicMs());
      const outcomes = await Promise.all([...due].map(([user, ids]) => this.attemptOrRemember(user, ids)));
      failed = outcomes.includes(false);
      isMore = due.size === USERS_AT_ONCE;
    }
    this.pauseMs = failed ? Math.min(2 * this.pauseMs, MAX_PAUSE_MS) : FIRST_PAUSE_MS;
    this.timer = undefined;
    this.schedule();
  }

  private takeDue(nowMs: number): Map<UserId, ConnectionId[]> {
    const due = new Map<UserId, ConnectionId[]>();
    for (const [id, { user, dueMs }] of this.remembered) {
      const ids = due.get(user);
      if (dueMs > nowMs || (ids === undefined && due.size === USERS_AT_ONCE)) continue;
      if (ids === undefined) due.set(user, [id]);
      else ids.push(id);
      this.remembered.delete(id);
    }
    return due;
  }

  private async attemptOrRemember(user: UserId, connections: readonly ConnectionId[]): Promise<boolean> {
    const succeeded = await this.attempt(user, connections);
    if (!succeeded) for (const id of connections) this.remember(id, { user, dueMs: 0 });
    return succeeded;
  }

  /** Resolves to whether the store has taken it. */
  private async attempt(user: UserId, connections: readonly ConnectionId[]): Promise<boolean> {
    this.underWay += 1;
    try {
      const dead = this.node.deadNodes();
      this.listener(user, await this.mailbox.unregister(user, this.node.id, connections, dead));
      this.isFailing = false;
      return true;
    } catch (err) {
      const fields = { err, userId: user, connectionIds: connections };
      if (!this.isFailing) this.logger.warn(fields, 'not unregistered: tried again until they are');
      this.isFailing = true;
      return false;
    } finally {
      this.underWay -= 1;
    }
  }
}
