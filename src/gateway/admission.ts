/**
 * Handshakes are served so many at once, the next ones wait in turn, and past that they are refused while it is
 * cheap: thousands that come back at once after another node's death must not melt this one. Pure.
 */
export class Admission {
  private inProgress = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(
    private readonly maxInProgress: number,
    private readonly maxWaiting: number,
  ) {}

  /** Whether another handshake would have to wait too long. */
  get isFull(): boolean {
    return this.waiting.length >= this.maxWaiting;
  }

  /** Runs one handshake when it is its turn. */
  async run<T>(handshake: () => Promise<T>): Promise<T> {
    if (this.inProgress >= this.maxInProgress)
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    else this.inProgress += 1;
    try {
      return await handshake();
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.inProgress -= 1;
      else next();
    }
  }
}
