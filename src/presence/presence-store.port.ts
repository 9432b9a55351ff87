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

/** Who is here. What is past its `until`, or on a node known to be dead, counts for nothing and is dropped on sight. */
export abstract class PresenceStore {
  /** In the order of `users`. */
  abstract look(users: readonly UserId[], dead: readonly NodeId[]): Promise<PresenceLook[]>;
}
