import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import pLimit from 'p-limit';
import { Blocks } from '../blocks';
import { Config } from '../config';
import { type Connection, tell } from '../hub';
import { LookRate } from '../limits';
import { Logger, OnceAMinute } from '../logging';
import { NodeService } from '../node';
import { BeelineError, monotonicMs, type NodeId, type UserId } from '../shared';
import { type PresenceState, PresenceStore } from './presence-store.port';
import { UNSEEN } from './presence.service';
import { WatchedUser } from './watched-user';

/** Users that one connection may watch. */
export const MAX_WATCHED = 1000;
const MAX_LOOKS_AT_ONCE = 32;
const TICK_MS = 1000;

interface Watched {
  readonly user: WatchedUser<Connection>;
  /** The nodes that the user's connections were last seen on. */
  nodes: readonly NodeId[];
  /** What the last watch was given, for the unwatch. */
  until: number;
  /** How many looks have begun; the one under way, and whether another is wanted after it. */
  looks: number;
  looking: boolean;
  again: 'no' | 'yes' | 'settled';
}

/**
 * Users whose presence connections of this node watch. The node is told by whoever changes it, and looks; it looks by
 * itself when a node is found dead that held the user, and at every sweep, so that a lost word heals.
 */
@Injectable()
export class Watching implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly byUser = new Map<UserId, Watched>();
  private readonly byConnection = new Map<Connection, Set<UserId>>();
  private readonly limitLooks = pLimit(MAX_LOOKS_AT_ONCE);
  private timer: NodeJS.Timeout | undefined;
  private renewedAt = 0;

  private readonly failures = new OnceAMinute();

  constructor(
    private readonly config: Config,
    private readonly store: PresenceStore,
    private readonly node: NodeService,
    private readonly blocks: Blocks,
    private readonly rate: LookRate,
    private readonly logger: Logger,
  ) {
    node.listen({
      onDead: (nodes) => this.lookAfter(nodes),
      onDoubt: () => this.lookAtAll(),
    });
  }

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => this.tick(monotonicMs()), TICK_MS);
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /**
   * The connection is told of changes of these users from now on. Returns how they are now. `rate_limited` over the
   * number that one connection may watch: then nothing has changed.
   */
  async watch(connection: Connection, users: readonly UserId[]): Promise<Record<string, PresenceState>> {
    const mine = this.byConnection.get(connection) ?? new Set();
    const unique = [...new Set(users)];
    const added = unique.filter((user) => !mine.has(user));
    if (mine.size + added.length > MAX_WATCHED) {
      throw new BeelineError('rate_limited', `a connection may watch ${MAX_WATCHED} users`);
    }
    this.rate.spend(connection.userId, unique.length);
    // All of them before the first look: requests that come at once count each other, and none outlives the connection.
    for (const user of added) this.note(connection, user);
    const states = await Promise.all(
      unique.map((user) => this.limitLooks(() => this.begin(connection, user))),
    );
    return Object.fromEntries(unique.map((user, i) => [user, states[i] as PresenceState]));
  }

  /** It is not told any more. */
  unwatch(connection: Connection, users: readonly UserId[]): void {
    for (const user of users) this.end(connection, user);
  }

  /** The connection is gone. */
  drop(connection: Connection): void {
    for (const user of this.byConnection.get(connection) ?? []) this.end(connection, user);
  }

  /** Somebody says that this user's presence has changed. */
  changed(user: UserId): void {
    const watched = this.byUser.get(user);
    if (watched !== undefined) this.look(user, watched, false);
  }

  /** One of the two has blocked the other, or does no longer: whoever watches the other is told how that is now. */
  shown(user: UserId, other: UserId): void {
    for (const [watched, watcher] of [
      [user, other],
      [other, user],
    ] as const) {
      for (const connection of this.byUser.get(watched)?.user.watchers ?? []) {
        if (connection.userId === watcher) void this.limitLooks(() => this.tellAnew(connection, watched));
      }
    }
  }

  /** Asked of the store: what this node remembers of the two may be a second old. */
  private async tellAnew(connection: Connection, user: UserId): Promise<void> {
    const watched = this.byUser.get(user);
    if (watched?.user.has(connection) !== true) return;
    try {
      const [state, [maySee]] = await Promise.all([
        this.readState(user, watched),
        this.blocks.maySeeEach(connection.userId, [user]),
      ]);
      if (!watched.user.has(connection)) return;
      const shown = maySee === true ? state : UNSEEN;
      watched.user.add(connection, shown);
      tell(connection, { event: 'presence', payload: { userId: user, ...shown } });
    } catch (err) {
      this.tellFailure(err, user);
    }
  }

  private note(connection: Connection, user: UserId): void {
    const watched = this.byUser.get(user) ?? this.newWatched(user);
    const mine = this.byConnection.get(connection) ?? new Set();
    this.byConnection.set(connection, mine.add(user));
    watched.user.add(connection, UNSEEN);
  }

  /** Looked after it was noted, so that no change falls between; not at all where it has been ended by now. */
  private async begin(connection: Connection, user: UserId): Promise<PresenceState> {
    const watched = this.byUser.get(user);
    if (watched?.user.has(connection) !== true) return UNSEEN;
    const { looks } = watched;
    try {
      const state = await this.readState(user, watched);
      if (!watched.user.has(connection)) return state;
      const shown = (await this.maySee(connection, user)) ? state : UNSEEN;
      watched.user.add(connection, shown);
      // What was told meanwhile may be newer than this answer, which comes last.
      if (watched.looks !== looks) this.look(user, watched, false);
      return shown;
    } catch (error) {
      this.end(connection, user);
      throw error;
    }
  }

  private newWatched(user: UserId): Watched {
    const watched: Watched = {
      user: new WatchedUser(this.config.presenceDebounceMs),
      nodes: [],
      until: 0,
      looks: 0,
      looking: false,
      again: 'no',
    };
    this.byUser.set(user, watched);
    return watched;
  }

  private end(connection: Connection, user: UserId): void {
    const mine = this.byConnection.get(connection);
    mine?.delete(user);
    if (mine?.size === 0) this.byConnection.delete(connection);
    const watched = this.byUser.get(user);
    watched?.user.remove(connection);
    if (watched === undefined || watched.user.isWatched) return;
    this.byUser.delete(user);
    this.store.unwatch(user, this.node.id, watched.until).catch((err: unknown) => {
      this.logger.debug({ err, userId: user }, 'not unwatched: it runs out by itself');
    });
  }

  private async readState(user: UserId, watched: Watched): Promise<PresenceState> {
    const { until, nodes, ...state } = await this.node.askOfLiving(
      (dead) => this.store.watch(user, this.node.id, dead),
      (answer) => answer.nodes,
    );
    watched.until = Math.max(watched.until, until);
    watched.nodes = nodes;
    return state;
  }

  /** One look at a user is under way at a time; who asks meanwhile is served by one more. */
  private look(user: UserId, watched: Watched, isSettled: boolean): void {
    if (watched.looking) {
      watched.again = isSettled || watched.again === 'settled' ? 'settled' : 'yes';
      return;
    }
    watched.looking = true;
    watched.looks += 1;
    void this.limitLooks(() => this.lookNow(user, watched, isSettled)).finally(() => {
      watched.looking = false;
      const { again } = watched;
      watched.again = 'no';
      if (again !== 'no' && this.byUser.get(user) === watched) this.look(user, watched, again === 'settled');
    });
  }

  private async lookNow(user: UserId, watched: Watched, isSettled: boolean): Promise<void> {
    if (this.byUser.get(user) !== watched) return;
    try {
      const state = await this.readState(user, watched);
      for (const telling of watched.user.take(state, monotonicMs(), isSettled)) {
        if (!(await this.maySee(telling.watcher, user))) continue;
        tell(telling.watcher, { event: 'presence', payload: { userId: user, ...telling.state } });
      }
    } catch (err) {
      this.tellFailure(err, user);
    }
  }

  private tellFailure(err: unknown, user: UserId): void {
    const count = this.failures.due('look');
    if (count === undefined) return;
    this.logger.warn({ err, userId: user, count }, 'watched user not looked at: the next sweep does');
  }

  private async maySee({ userId }: Connection, user: UserId): Promise<boolean> {
    return this.blocks.maySee(userId, user);
  }

  private lookAfter(dead: readonly NodeId[]): void {
    for (const [user, watched] of this.byUser) {
      if (watched.nodes.some((node) => dead.includes(node))) this.look(user, watched, true);
    }
  }

  private lookAtAll(): void {
    for (const [user, watched] of this.byUser) this.look(user, watched, false);
  }

  private tick(nowMs: number): void {
    if (nowMs - this.renewedAt >= this.config.sweepIntervalMs) {
      this.renewedAt = nowMs;
      return this.lookAtAll();
    }
    for (const [user, watched] of this.byUser) {
      if (watched.user.isDue(nowMs)) this.look(user, watched, false);
    }
  }
}
