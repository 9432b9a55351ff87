import { unavailable } from '../shared';

/** Far more than one user's requests can be in sensible use: what is over it is refused, so that nothing grows. */
const MAX_WAITING = 10_000;

interface Line {
  tail: Promise<void>;
  waiting: number;
}

/** Runs what has the same key one after the other, in the order it came; what has different keys side by side. */
export class KeyedQueue {
  private readonly lines = new Map<string, Line>();

  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const line = this.lines.get(key) ?? { tail: Promise.resolve(), waiting: 0 };
    if (line.waiting >= MAX_WAITING) throw unavailable();
    this.lines.set(key, line);
    line.waiting += 1;
    const result = line.tail.then(work);
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
