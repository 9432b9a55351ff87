import type { UserId } from '../shared';

/** Users that one user can block. */
export const MAX_BLOCKED = 1000;

/** Whom each user has blocked. Never expires. Appends ask for it in their own step (routing). */
export abstract class BlockStore {
  /** Of two at the same instant both count. False where MAX_BLOCKED are blocked already: then nothing has changed. */
  abstract set(user: UserId, other: UserId, isBlocked: boolean): Promise<boolean>;

  /** In no order. */
  abstract list(user: UserId): Promise<UserId[]>;

  /** For each of the others whether one of the two has blocked the other. */
  abstract areApart(user: UserId, others: readonly UserId[]): Promise<boolean[]>;
}
