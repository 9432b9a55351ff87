import type { UserId } from '../shared';

/**
 * Which users to sweep when. Pure: told the time and asked for what is due. A round takes the users that are
 * connected at its beginning and spreads them evenly over the interval; in a hurry a new round starts at once and
 * runs as fast as is allowed.
 */
export class SweepPlan {
  private queue: UserId[] = [];
  private roundStartedAt = Number.NEGATIVE_INFINITY;
  private roundSize = 0;
  private taken = 0;
  private hurried = false;
  private restart = true;

  constructor(
    private readonly intervalMs: number,
    private readonly maxPerSecond: number,
  ) {}

  /** Starts a new round now, at full pace. */
  hurry(): void {
    this.restart = true;
    this.hurried = true;
  }

  /** At most `room` users that are due at `nowMs`, which only grows. `users` is asked for only when a round begins. */
  due(nowMs: number, room: number, users: () => UserId[]): UserId[] {
    if (this.restart || (this.queue.length === 0 && nowMs - this.roundStartedAt >= this.intervalMs)) {
      this.begin(nowMs, users());
    }
    const elapsedMs = nowMs - this.roundStartedAt;
    const allowed = Math.ceil((this.maxPerSecond * elapsedMs) / 1000);
    const planned = this.hurried ? allowed : Math.ceil((this.roundSize * elapsedMs) / this.intervalMs);
    const due = this.queue.splice(0, Math.max(0, Math.min(planned - this.taken, allowed - this.taken, room)));
    this.taken += due.length;
    if (this.queue.length === 0) this.hurried = false;
    return due;
  }

  private begin(nowMs: number, users: UserId[]): void {
    this.queue = users;
    this.roundStartedAt = nowMs;
    this.roundSize = users.length;
    this.taken = 0;
    this.restart = false;
  }
}
