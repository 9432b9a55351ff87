/**
 * How many users to sweep when. Pure: told the time and how many there are. Users stand in a rotation: who connects
 * joins at its end, who has been swept goes there. The pace is one rotation per interval, evenly, so that nobody waits
 * longer than that, whenever they came; in a hurry it is as fast as is allowed until everybody has had a turn.
 */
export class SweepPlan {
  private lastMs: number | undefined;
  private credit = 0;
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

  /** How many of `size` users are due at `nowMs`, which only grows; at most `room`. They are taken from the front. */
  take(nowMs: number, size: number, room: number): number {
    const elapsedMs = nowMs - (this.lastMs ?? nowMs);
    this.lastMs = nowMs;
    if (this.isHurryAsked) this.leftInHurry = size;
    this.isHurryAsked = false;

    const allowedPerMs = this.maxPerSecond / 1000;
    const perMs = this.leftInHurry > 0 ? allowedPerMs : Math.min(allowedPerMs, size / this.intervalMs);
    this.credit = Math.min(this.credit + elapsedMs * perMs, size);
    const count = Math.max(0, Math.min(Math.floor(this.credit), room));
    this.credit -= count;
    this.leftInHurry = Math.max(0, this.leftInHurry - count);
    return count;
  }
}
