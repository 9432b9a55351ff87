const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 1000;

/**
 * What has failed and waits to be tried again. After a pause that grows, and differs from node to node, one of them is
 * tried; where it succeeds, so may all the others: a store that comes back is not met by thousands at once, nor asked by
 * thousands while it is away.
 */
export class RetryLine<T> {
  private readonly waiting = new Set<T>();
  private readonly tried = new Set<T>();
  private pauseMs = FIRST_PAUSE_MS;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly retry: (item: T) => void) {}

  get isEmpty(): boolean {
    return this.waiting.size === 0 && this.tried.size === 0;
  }

  /** It has failed, for the first time or again. */
  failed(item: T): void {
    this.tried.delete(item);
    this.waiting.add(item);
    this.schedule();
  }

  /** It has succeeded. Only of one that had failed does that say anything of the others. */
  succeeded(item: T): void {
    if (!this.tried.delete(item) && !this.waiting.delete(item)) return;
    const others = [...this.waiting];
    this.waiting.clear();
    this.pauseMs = FIRST_PAUSE_MS;
    for (const other of others) this.retry(other);
  }

  /** Nobody waits for it any more. */
  forget(item: T): void {
    this.tried.delete(item);
    this.waiting.delete(item);
  }

  private schedule(): void {
    if (this.timer !== undefined) return;
    this.timer = setTimeout(() => this.tryOne(), this.pauseMs * (0.5 + Math.random() / 2)).unref();
    this.pauseMs = Math.min(2 * this.pauseMs, LONGEST_PAUSE_MS);
  }

  private tryOne(): void {
    this.timer = undefined;
    const [item] = this.waiting;
    if (item === undefined) return;
    this.waiting.delete(item);
    this.tried.add(item);
    this.retry(item);
    if (this.waiting.size > 0) this.schedule();
  }
}
