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
  private readonly told = new Map<W, Told>();
  /** The earliest of all; too early where that watcher has gone since, which costs one look. */
  private nextDueMs = Infinity;

  constructor(private readonly debounceMs: number) {}

  get watchers(): Iterable<W> {
    return this.told.keys();
  }

  get isWatched(): boolean {
    return this.told.size > 0;
  }

  /** Somebody begins to watch, and is told this as the answer. */
  add(watcher: W, state: PresenceState): void {
    this.told.set(watcher, { state, dueMs: undefined });
  }

  has(watcher: W): boolean {
    return this.told.has(watcher);
  }

  remove(watcher: W): void {
    this.told.delete(watcher);
  }

  /** Whether it is time to look again. */
  isDue(nowMs: number): boolean {
    return this.nextDueMs <= nowMs;
  }

  /** Takes what a look has found. `isSettled`: it is no flapping, so whoever has gone is told of too. */
  take(state: PresenceState, nowMs: number, isSettled: boolean): Telling<W>[] {
    const tellings: Telling<W>[] = [];
    this.nextDueMs = Infinity;
    for (const [watcher, told] of this.told) {
      if (state.devices < told.state.devices && !isSettled) {
        told.dueMs ??= nowMs + this.debounceMs;
        if (told.dueMs > nowMs) {
          this.nextDueMs = Math.min(this.nextDueMs, told.dueMs);
          continue;
        }
      }
      told.dueMs = undefined;
      if (isSame(told.state, state)) continue;
      told.state = state;
      tellings.push({ watcher, state });
    }
    return tellings;
  }
}

/** What a watcher knows, and when to look again whether the user has really gone. */
interface Told {
  state: PresenceState;
  dueMs: number | undefined;
}

function isSame(a: PresenceState, b: PresenceState): boolean {
  return a.online === b.online && a.devices === b.devices && a.lastSeen === b.lastSeen;
}
