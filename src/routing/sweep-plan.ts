/** What has not been used of the greatest pace is kept for so long, so that ticks need not be even. */
const ALLOWANCE_KEPT_MS = 100;

/**
 * How many users to sweep when. Pure: told the time, how many there are, and how many are overdue. Users stand in a
 * rotation: who connects joins at its end, who has been swept goes there. The pace is one rotation per interval, evenly,
 * and at least as fast as they fall due: those who leave take nothing from the pace that others were promised. In a hurry
 * it is as fast as is allowed until everybody has had a turn.
 */
export class SweepPlan {
  private lastMs: number | undefined;
  private credit = 0;
  private allowance = 0;
  private isHurryAsked = false;
  private leftInHurry = 0;

  constructor(
    private readonly intervalMs: number,
    private readonly maxPerSecond: number,
  ) {}

  /** Everybody is due now. */
  hurry(): void {
    this.isHurryAsked = true;
  }

  /** Whether those who are due next are so because of `hurry`. */
  get isHurried(): boolean {
    return this.isHurryAsked || this.leftInHurry > 0;
  }

  /** In how many ms so many users can have had a turn each, at the greatest pace allowed. */
  leastTurnMs(size: number): number {
    return (1000 * size) / this.maxPerSecond;
  }

  /**
   * How many of `size` users have their turn at `nowMs`, which only grows; at most `room`. They are taken from the front,
   * where the `overdue` are, whose last turn is an interval ago.
   */
  take(nowMs: number, size: number, overdue: number, room: number): number {
    const elapsedMs = nowMs - (this.lastMs ?? nowMs);
    this.lastMs = nowMs;
    if (this.isHurryAsked) this.leftInHurry = size;
    this.isHurryAsked = false;

    const allowedPerMs = this.maxPerSecond / 1000;
    const mostAllowed = Math.max(1, allowedPerMs * ALLOWANCE_KEPT_MS);
    this.allowance = Math.min(this.allowance + elapsedMs * allowedPerMs, mostAllowed);
    this.credit = Math.min(this.credit + (elapsedMs * size) / this.intervalMs, size);
    const wanted = Math.max(Math.floor(this.credit), overdue, this.leftInHurry);
    const count = Math.max(0, Math.min(wanted, size, Math.floor(this.allowance), room));
    this.allowance -= count;
    this.credit = Math.max(0, this.credit - count);
    this.leftInHurry = Math.max(0, this.leftInHurry - count);
    return count;
  }
}
