import type { PresenceState } from './presence-store.port';

/** What somebody is to be told now. */
export interface Telling<W> {
  watcher: W;
  state: PresenceState;
}

/**
 * One user who is watched on this node, and what each watcher was last told. Pure: it is told the time.
 *
 * Who comes, or has a device more, is told of at once. Who goes, or has one less, only if that is still so after
 * `debounceMs`: a phone that changes its network has not been away. So a watcher is told at most twice per debounce.
 */
export class WatchedUser<W> {
  private readonly told = new Map<W, PresenceState>();
  /** When to look again whether the user has really gone. */
  private dueMs: number | undefined;

  constructor(private readonly debounceMs: number) {}

  get watchers(): Iterable<W> {
    return this.told.keys();
  }

  get isWatched(): boolean {
    return this.told.size > 0;
  }

  /** Somebody begins to watch, and is told this as the answer. */
  add(watcher: W, state: PresenceState): void {
    this.told.set(watcher, state);
  }

  has(watcher: W): boolean {
    return this.told.has(watcher);
  }

  remove(watcher: W): void {
    this.told.delete(watcher);
  }

  /** Whether it is time to look again. */
  isDue(nowMs: number): boolean {
    return this.dueMs !== undefined && this.dueMs <= nowMs;
  }

  /** Takes what a look has found. `isSettled`: it is no flapping, so whoever has gone is told of too. */
  take(state: PresenceState, nowMs: number, isSettled: boolean): Telling<W>[] {
    const tellings: Telling<W>[] = [];
    const mayShrink = isSettled || this.isDue(nowMs) || this.debounceMs === 0;
    let waits = false;
    for (const [watcher, told] of this.told) {
      if (isSame(told, state)) continue;
      if (state.devices < told.devices && !mayShrink) {
        waits = true;
        continue;
      }
      this.told.set(watcher, state);
      tellings.push({ watcher, state });
    }
    if (!waits) this.dueMs = undefined;
    else this.dueMs ??= nowMs + this.debounceMs;
    return tellings;
  }
}

function isSame(a: PresenceState, b: PresenceState): boolean {
  return a.online === b.online && a.devices === b.devices && a.lastSeen === b.lastSeen;
}
