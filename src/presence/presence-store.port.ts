import type { NodeId, UserId } from '../shared';

export interface PresenceState {
  online: boolean;
  /** Connected devices, each counted once. */
  devices: number;
  /** Unix ms by the store; null while online, and where the user was never seen (or not within the state's life). */
  lastSeen: number | null;
}

export interface PresenceLook extends PresenceState {
  /** The nodes that the user's connections are on. */
  nodes: NodeId[];
}

export interface Watch extends PresenceLook {
  /** Until when the node is told of changes, Unix ms by the store; later with every call. */
  until: number;
}

/** Who is here. What is past its `until`, or on a node known to be dead, counts for nothing and is dropped on sight. */
export abstract class PresenceStore {
  /** In the order of `users`. */
  abstract look(users: readonly UserId[], dead: readonly NodeId[]): Promise<PresenceLook[]>;

  /**
   * A node wants to be told of changes of a user's presence, for 2.5 sweeps from now. Whoever changes it after this
   * names the node among the watchers; what was changed before is in the look.
   */
  abstract watch(user: UserId, node: NodeId, dead: readonly NodeId[]): Promise<Watch>;

  /** It does not any more, unless it has asked again since it was given that `until`. */
  abstract unwatch(user: UserId, node: NodeId, until: number): Promise<void>;
}
