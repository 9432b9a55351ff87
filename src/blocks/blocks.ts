import { Injectable } from '@nestjs/common';
import { LookRate, RecentKeys } from '../limits';
import { ContactPolicy } from '../policy';
import { badRequest, BeelineError, monotonicMs, type UserId } from '../shared';
import { BlockStore, MAX_BLOCKED } from './block-store.port';

/** Told when a user has blocked the other, or does no longer. */
export type BlockListener = (user: UserId, other: UserId) => void;

/** What is in force within a second need not be asked for more often. */
const KEPT_MS = 1000;
/** Pairs that a node remembers. */
const MAX_PAIRS = 50_000;

/**
 * Whom users do not want to hear of: between two of whom one has blocked the other nothing is seen. Whether one may send
 * is asked by the append itself, in its own step; everything else asks here, and what the policy says besides.
 */
@Injectable()
export class Blocks {
  private readonly together = new RecentKeys(MAX_PAIRS, KEPT_MS);
  private readonly listeners: BlockListener[] = [];

  constructor(
    private readonly store: BlockStore,
    private readonly policy: ContactPolicy,
    private readonly rate: LookRate,
  ) {}

  listen(listener: BlockListener): void {
    this.listeners.push(listener);
  }

  /** Returns who is blocked then. `too_large` where there are too many. */
  async set(user: UserId, other: UserId, isBlocked: boolean): Promise<UserId[]> {
    if (user === other) throw badRequest([{ field: 'user', problem: 'must be somebody else' }]);
    if (!(await this.store.set(user, other, isBlocked)))
      throw new BeelineError('too_large', `at most ${MAX_BLOCKED} users can be blocked`);
    for (const listener of this.listeners) listener(user, other);
    return this.list(user);
  }

  async list(user: UserId): Promise<UserId[]> {
    this.rate.spend(user, 1);
    return (await this.store.list(user)).toSorted();
  }

  /** Whether one of the two has blocked the other, as it is now or was a second ago. */
  async areApart(user: UserId, other: UserId): Promise<boolean> {
    const pair = user < other ? `${user}/${other}` : `${other}/${user}`;
    if (this.together.has(pair, monotonicMs())) return false;
    const askedAtMs = monotonicMs();
    const [areApart] = await this.store.areApart(user, [other]);
    if (areApart !== true) this.together.add(pair, askedAtMs);
    return areApart === true;
  }

  /** Whether the viewer may see the other's presence, and how far messages to the other have come. */
  async maySee(viewer: UserId, user: UserId): Promise<boolean> {
    return (await this.policy.maySee(viewer, user)) && !(await this.areApart(viewer, user));
  }

  /** The same of many, in their order, as it is now. */
  async maySeeEach(viewer: UserId, users: readonly UserId[]): Promise<boolean[]> {
    const areApart = await this.store.areApart(viewer, users);
    return Promise.all(
      users.map(async (user, i) => areApart[i] !== true && (await this.policy.maySee(viewer, user))),
    );
  }
}
