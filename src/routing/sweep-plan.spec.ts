import fc from 'fast-check';
import type { UserId } from '../shared';
import { SweepPlan } from './sweep-plan';

const INTERVAL_MS = 1000;
const TICK_MS = 50;
const PLENTY = 1_000_000;

const someUsers = (count: number): UserId[] => Array.from({ length: count }, (_, i) => `u${i}` as UserId);

/** Ticks through some time; returns what was due at each tick. */
function tick(plan: SweepPlan, users: UserId[], fromMs: number, toMs: number, room = PLENTY): UserId[][] {
  const ticks: UserId[][] = [];
  for (let nowMs = fromMs; nowMs <= toMs; nowMs += TICK_MS)
    ticks.push(plan.due(nowMs, room, () => [...users]));
  return ticks;
}

describe('a sweep plan', () => {
  it('takes every user once a round, round after round, each again after an interval', () => {
    fc.assert(
      fc.property(fc.nat({ max: 300 }), (count) => {
        const users = someUsers(count);
        const ticks = tick(new SweepPlan(INTERVAL_MS, PLENTY), users, 0, 4 * INTERVAL_MS);
        const due = ticks.flat();
        expect(due).toEqual(due.map((_user, i) => users[i % count]));
        // A round begins at a tick, so it may start a tick late.
        for (const user of users) {
          const times = ticks.flatMap((taken, i) => (taken.includes(user) ? [i * TICK_MS] : []));
          const gaps = times.slice(1).map((time, i) => time - (times[i] ?? 0));
          expect(gaps.length).toBeGreaterThanOrEqual(2);
          expect(Math.max(...gaps)).toBeLessThanOrEqual(INTERVAL_MS + TICK_MS);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('spreads them evenly: no tick takes more than its share', () => {
    fc.assert(
      fc.property(fc.nat({ max: 300 }), (count) => {
        const share = Math.ceil((count * TICK_MS) / INTERVAL_MS);
        for (const due of tick(new SweepPlan(INTERVAL_MS, PLENTY), someUsers(count), 0, INTERVAL_MS)) {
          expect(due.length).toBeLessThanOrEqual(share);
        }
      }),
    );
  });

  it('never passes the cap, and lets a round take longer rather than leave anybody out', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 20, max: 200 }), (count, cap) => {
        const users = someUsers(count);
        const roundMs = Math.max(INTERVAL_MS, Math.ceil(((count / cap) * 1000) / TICK_MS) * TICK_MS);
        const ticks = tick(new SweepPlan(INTERVAL_MS, cap), users, 0, roundMs);
        expect(ticks.flat().slice(0, count)).toEqual(users);
        let taken = 0;
        for (const [i, due] of ticks.entries()) {
          taken += due.length;
          expect(taken).toBeLessThanOrEqual(Math.ceil((cap * i * TICK_MS) / 1000));
        }
      }),
    );
  });

  it('in a hurry starts anew at once and goes as fast as the cap allows, then takes its time again', () => {
    const users = someUsers(100);
    const plan = new SweepPlan(INTERVAL_MS, 1000);
    tick(plan, users, 0, 500);
    plan.hurry();
    expect(tick(plan, users, 550, 650).flat()).toEqual(users);
    expect(tick(plan, users, 700, 1500).flat()).toEqual([]);
    const next = tick(plan, users, 1550, 2550);
    expect(next.flat()).toEqual(users);
    expect(Math.max(...next.map((due) => due.length))).toBe(5);
  });

  it('takes no more than there is room for, and catches up when there is', () => {
    const users = someUsers(40);
    const plan = new SweepPlan(INTERVAL_MS, PLENTY);
    expect(tick(plan, users, 0, 500, 0).flat()).toEqual([]);
    expect(plan.due(500, -3, () => users)).toEqual([]);
    expect(plan.due(500, 7, () => users)).toEqual(users.slice(0, 7));
    expect(tick(plan, users, 550, 950).flat()).toEqual(users.slice(7, 38));
  });

  it('asks who is there only when a round begins', () => {
    const ask = jest.fn(() => someUsers(10));
    const plan = new SweepPlan(INTERVAL_MS, PLENTY);
    for (let nowMs = 0; nowMs < 2 * INTERVAL_MS; nowMs += TICK_MS) plan.due(nowMs, PLENTY, ask);
    expect(ask).toHaveBeenCalledTimes(2);
  });
});
