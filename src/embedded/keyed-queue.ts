import { monotonicMs, unavailable } from '../shared';

/** Far more than one user's requests can be in sensible use: what is over it is refused, so that nothing grows. */
const MAX_WAITING = 10_000;
/**
 * A line that has not been empty for so long does not come to its end by itself: more is asked for than can be done. A
 * burst does, on a slow disk too.
 */
const STANDS_AFTER_MS = 10_000;
/**
 * Of a standing line, what has waited longer is refused and not begun. Whoever asked has most likely given up and asks
 * again; a queue that did the work all the same would be busy with nothing else, for as long as they ask again.
 */
const MAX_WAIT_MS = 1000;

interface Line {
  /** When it was last empty. */
  sinceMs: number;
  tail: Promise<void>;
  waiting: number;
}

/** Runs what has the same key one after the other, in the order it came; what has different keys side by side. */
export class KeyedQueue {
  private readonly lines = new Map<string, Line>();

  constructor(private readonly now: () => number = monotonicMs) {}

  /** Throws `unavailable` where the work was not begun: too much was before it, or the line has stood for long. */
  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const cameAtMs = this.now();
    const line = this.lines.get(key) ?? { sinceMs: cameAtMs, tail: Promise.resolve(), waiting: 0 };
    if (line.waiting >= MAX_WAITING) throw unavailable();
    this.lines.set(key, line);
    line.waiting += 1;
    const result = line.tail.then(() => {
      const nowMs = this.now();
      if (nowMs - line.sinceMs > STANDS_AFTER_MS && nowMs - cameAtMs > MAX_WAIT_MS)
        throw unavailable('it has waited too long for its turn');
      return work();
    });
    line.tail = result.then(
      () => this.leave(key, line),
      () => this.leave(key, line),
    );
    return result;
  }

  private leave(key: string, line: Line): void {
    line.waiting -= 1;
    if (line.waiting === 0) this.lines.delete(key);
  }
}
