import fc from 'fast-check';
import { Rotation } from '../hub/rotation';
import { SweepPlan } from './sweep-plan';

const TICK_MS = 50;
const INTERVAL_MS = 1000;

/** Plays a rotation of users, as the hub keeps it, and notes when each was swept. */
class Play {
  readonly sweptAt = new Map<string, number[]>();
  readonly rotation = new Rotation<string>();
  private nowMs = 0;

  constructor(private readonly plan: SweepPlan) {
    this.tick();
  }

  join(user: string): void {
    this.rotation.join(user, this.nowMs);
    this.sweptAt.set(user, [this.nowMs]);
  }

  leave(user: string): void {
    this.rotation.leave(user);
    this.sweptAt.delete(user);
  }

  tick(room = Number.POSITIVE_INFINITY): number {
    this.nowMs += TICK_MS;
    const overdue = this.rotation.countSince(this.nowMs - INTERVAL_MS, 1_000_000);
    const count = this.plan.take(this.nowMs, this.rotation.size, overdue, room);
    const due = this.rotation.take(count, this.nowMs);
    for (const user of due) this.sweptAt.get(user)?.push(this.nowMs);
    return due.length;
  }

  ticks(count: number): number[] {
    return Array.from({ length: count }, () => this.tick());
  }

  longestWaitMs(): number {
    const waits = [...this.sweptAt.values()].flatMap((times) =>
      [...times, this.nowMs].slice(1).map((time, i) => time - times[i]!),
    );
    return Math.max(0, ...waits);
  }
}

describe('the sweep plan', () => {
  it('lets nobody wait longer than an interval, whoever comes and goes when', () => {
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.constant('tick' as const) },
      { weight: 2, arbitrary: fc.constant('join' as const) },
      { weight: 1, arbitrary: fc.constant('leave' as const) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
        const play = new Play(new SweepPlan(INTERVAL_MS, 1_000_000));
        const here: string[] = [];
        for (const [i, what] of steps.entries()) {
          if (what === 'join') {
            here.push(`u${i}`);
            play.join(`u${i}`);
          } else if (what === 'leave') {
            const user = here.shift();
            if (user !== undefined) play.leave(user);
          } else play.tick();
        }
        play.ticks(2 * (INTERVAL_MS / TICK_MS));
        expect(play.longestWaitMs()).toBeLessThanOrEqual(INTERVAL_MS + TICK_MS);
      }),
      { numRuns: 300 },
    );
  });

  it('lets nobody wait longer because others leave', () => {
    const play = new Play(new SweepPlan(INTERVAL_MS, 1_000_000));
    for (let i = 0; i < 1000; i += 1) play.join(`u${i}`);
    play.ticks(INTERVAL_MS / TICK_MS / 2);
    // Those in front go: the others stand behind them, and there are few of them now.
    for (let i = 0; i < 1000; i += 1) if (i % 10 > 0) play.leave(`u${i}`);
    for (let round = 0; round < 100; round += 1) {
      play.tick();
      const [someone] = play.sweptAt.keys();
      if (round % 10 === 0 && someone !== undefined) play.leave(someone);
    }
    expect(play.longestWaitMs()).toBeLessThanOrEqual(INTERVAL_MS + TICK_MS);
  });

  it('spreads them evenly', () => {
    const play = new Play(new SweepPlan(INTERVAL_MS, 1_000_000));
    for (let i = 0; i < 200; i += 1) play.join(`u${i}`);
    for (const count of play.ticks(60)) {
      expect(count).toBeGreaterThanOrEqual(9);
      expect(count).toBeLessThanOrEqual(11);
    }
  });

  it('keeps to the greatest pace allowed', () => {
    const play = new Play(new SweepPlan(INTERVAL_MS, 100));
    for (let i = 0; i < 500; i += 1) play.join(`u${i}`);
    const perSecond = play.ticks(20).reduce((sum, count) => sum + count, 0);
    expect(perSecond).toBeLessThanOrEqual(101);
  });

  it('in a hurry gives everybody a turn as fast as is allowed, then goes on as before', () => {
    const plan = new SweepPlan(60_000, 1000);
    const play = new Play(plan);
    for (let i = 0; i < 200; i += 1) play.join(`u${i}`);
    play.tick();
    plan.hurry();
    expect(play.ticks(5).reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(200);
    expect(plan.isHurried).toBe(false);
  });

  it('takes no more than there is room for, and does not store up more than one rotation', () => {
    const play = new Play(new SweepPlan(INTERVAL_MS, 1_000_000));
    for (let i = 0; i < 100; i += 1) play.join(`u${i}`);
    for (let i = 0; i < 100; i += 1) expect(play.tick(2)).toBeLessThanOrEqual(2);
    expect(play.tick(0)).toBe(0);
    expect(play.tick(-5)).toBe(0);
    expect(play.tick()).toBeLessThanOrEqual(100);
  });
});
