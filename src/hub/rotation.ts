interface Turn {
  /** When it was this one's turn last, or when it joined. */
  takenMs: number;
  /** When it was last served. */
  servedMs: number;
}

/**
 * Keys that take turns: whoever joins stands at the end, and whoever had a turn goes there, so that the one whose turn is
 * longest ago is always in front. Pure: told the time, in milliseconds that only grow.
 */
export class Rotation<Key> {
  private readonly turns = new Map<Key, Turn>();

  get size(): number {
    return this.turns.size;
  }

  join(key: Key, nowMs: number): void {
    this.turns.set(key, { takenMs: nowMs, servedMs: nowMs });
  }

  leave(key: Key): void {
    this.turns.delete(key);
  }

  /** It is the turn of so many from the front. */
  take(count: number, nowMs: number): Key[] {
    const keys: Key[] = [];
    // What is set again during the iteration comes at its end, behind everybody else.
    for (const [key, turn] of this.turns) {
      if (keys.length >= Math.min(count, this.turns.size)) break;
      keys.push(key);
      this.turns.delete(key);
      turn.takenMs = nowMs;
      this.turns.set(key, turn);
    }
    return keys;
  }

  /** How many had their last turn at that time or before; counted up to `max`. */
  countSince(beforeMs: number, max: number): number {
    let count = 0;
    for (const { takenMs } of this.turns.values()) {
      if (takenMs > beforeMs || count >= max) break;
      count += 1;
    }
    return count;
  }

  /** Its turn was of use. */
  served(key: Key, nowMs: number): void {
    const turn = this.turns.get(key);
    if (turn !== undefined) turn.servedMs = nowMs;
  }

  /** How long ago the turn of the one in front is; 0 where there is none. */
  longestWaitMs(nowMs: number): number {
    const [first] = this.turns.values();
    return first === undefined ? 0 : nowMs - first.takenMs;
  }

  /** How long ago the one was served that was served longest ago; 0 where there is none. */
  oldestServedMs(nowMs: number): number {
    let oldest = nowMs;
    for (const { servedMs } of this.turns.values()) oldest = Math.min(oldest, servedMs);
    return nowMs - oldest;
  }
}
