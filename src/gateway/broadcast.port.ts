import type { BeelineServer } from './beeline-socket';

/** How what is for everybody gets to the other nodes. Not stored: who is not connected does not get it. */
export abstract class Broadcast {
  /** Gives the server its adapter, before it listens and once the store is connected. */
  abstract install(server: BeelineServer): void;

  /** Why announcements of other nodes do not come here; undefined where they do. */
  abstract get fault(): string | undefined;

  /**
   * Runs `emit`, which emits one event to all, and resolves when the store has taken it. `unavailable` where the store
   * can't be reached: where that is known before, nobody is told, those on this node neither.
   */
  abstract send(emit: () => void): Promise<void>;
}
