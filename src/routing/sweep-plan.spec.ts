import fc from 'fast-check';
import { SweepPlan } from './sweep-plan';

const TICK_MS = 50;
const INTERVAL_MS = 1000;

/** Plays a rotation of users, as the hub keeps it, and notes when each was swept. */
class Rotation {
  readonly sweptAt = new Map<string, number[]>();
  private readonly users: string[] = [];
  private nowMs = 0;

  constructor(private readonly plan: SweepPlan) {
    this.tick();
  }

  join(user: string): void {
    this.users.push(user);
    this.sweptAt.set(user, [this.nowMs]);
  }

  leave(user: string): void {
    this.users.splice(this.users.indexOf(user), 1);
    this.sweptAt.delete(user);
  }

  tick(room = Number.POSITIVE_INFINITY): number {
    this.nowMs += TICK_MS;
    const due = this.users.splice(0, this.plan.take(this.nowMs, this.users.length, room));
    this.users.push(...due);
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
        const rotation = new Rotation(new SweepPlan(INTERVAL_MS, 1_000_000));
        const here: string[] = [];
        for (const [i, what] of steps.entries()) {
          if (what === 'join') {
            here.push(`u${i}`);
            rotation.join(`u${i}`);
          } else if (what === 'leave') {
            const user = here.shift();
            if (user !== undefined) rotation.leave(user);
          } else rotation.tick();
        }
        rotation.ticks(2 * (INTERVAL_MS / TICK_MS));
        expect(rotation.longestWaitMs()).toBeLessThanOrEqual(INTERVAL_MS + 2 * TICK_MS);
      }),
      { numRuns: 300 },
    );
  });

  it('spreads them evenly', () => {
    const rotation = new Rotation(new SweepPlan(INTERVAL_MS, 1_000_000));
    for (let i = 0; i < 200; i += 1) rotation.join(`u${i}`);
    for (const count of rotation.ticks(60)) {
      expect(count).toBeGreaterThanOrEqual(9);
      expect(count).toBeLessThanOrEqual(11);
    }
  });

  it('keeps to the greatest pace allowed', () => {
    const rotation = new Rotation(new SweepPlan(INTERVAL_MS, 100));
    for (let i = 0; i < 500; i += 1) rotation.join(`u${i}`);
    const perSecond = rotation.ticks(20).reduce((sum, count) => sum + count, 0);
    expect(perSecond).toBeLessThanOrEqual(101);
  });

  it('in a hurry gives everybody a turn as fast as is allowed, then goes on as before', () => {
    const plan = new SweepPlan(60_000, 1000);
    const rotation = new Rotation(plan);
    for (let i = 0; i < 200; i += 1) rotation.join(`u${i}`);
    rotation.tick();
    plan.hurry();
    expect(rotation.ticks(5).reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(200);
    expect(rotation.ticks(20).reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(5);
  });

  it('takes no more than there is room for, and does not store up more than one rotation', () => {
    const rotation = new Rotation(new SweepPlan(INTERVAL_MS, 1_000_000));
    for (let i = 0; i < 100; i += 1) rotation.join(`u${i}`);
    for (let i = 0; i < 100; i += 1) expect(rotation.tick(2)).toBeLessThanOrEqual(2);
    expect(rotation.tick(0)).toBe(0);
    expect(rotation.tick(-5)).toBe(0);
    expect(rotation.tick()).toBeLessThanOrEqual(100);
  });
});
