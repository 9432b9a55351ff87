/** A bounded set of keys that each count for a while. Pure: time is given to it. */
export class RecentKeys {
  /** Key → until when; in the order in which they were added. */
  private readonly untilByKey = new Map<string, number>();

  constructor(
    private readonly maxKeys: number,
    private readonly keptMs: number,
  ) {}

  has(key: string, nowMs: number): boolean {
    const until = this.untilByKey.get(key);
    return until !== undefined && until > nowMs;
  }

  /** The key added longest ago goes where there are too many. */
  add(key: string, nowMs: number): void {
    this.untilByKey.delete(key);
    this.untilByKey.set(key, nowMs + this.keptMs);
    if (this.untilByKey.size <= this.maxKeys) return;
    for (const oldest of this.untilByKey.keys()) {
      this.untilByKey.delete(oldest);
      return;
    }
  }
}
