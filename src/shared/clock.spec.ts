import { monotonicMs, StoreClock } from './clock';

describe("the store's clock", () => {
  it('goes by the store, however far off our own is', () => {
    const clock = new StoreClock();
    const now = monotonicMs();
    clock.set(5_000_000, now - 10, now + 10);
    expect(clock.now()).toBeGreaterThanOrEqual(5_000_000);
    expect(clock.now()).toBeLessThan(5_010_000);
  });

  it('takes the middle of asking and hearing for the time of the reading', () => {
    const clock = new StoreClock();
    const now = monotonicMs();
    clock.set(5_000_000, now - 100_000, now);
    expect(clock.now()).toBeGreaterThanOrEqual(5_050_000);
    expect(clock.now()).toBeLessThan(5_060_000);
  });

  it.each([
    ['ahead', 3_600_000],
    ['back', -60_000],
  ])(
    'does not follow a store whose clock is set %s for a moment, and does where it stays so',
    (_where, byMs) => {
      const clock = new StoreClock();
      const start = monotonicMs();
      const read = (atMs: number, offMs: number): void =>
        clock.set(5_000_000 + atMs + offMs, start + atMs, start + atMs);
      const isOffBy = (): number =>
        Math.round((clock.now() - 5_000_000 - (monotonicMs() - start)) / 1000) * 1000;
      read(0, 0);
      for (const atMs of [3000, 6000, 9000]) read(atMs, byMs);
      expect(isOffBy()).toBeCloseTo(0);
      read(12_000, 0);
      for (const atMs of [15_000, 18_000, 21_000, 24_000]) read(atMs, byMs);
      expect(isOffBy()).toBeCloseTo(0);
      read(25_001, byMs);
      expect(isOffBy()).toBeCloseTo(byMs);
    },
  );

  it('follows what drifts', () => {
    const clock = new StoreClock();
    const start = monotonicMs();
    for (let i = 0; i < 10; i += 1) clock.set(5_000_000 + 900 * i, start, start);
    expect(clock.now()).toBeGreaterThanOrEqual(5_008_100);
  });

  it('is our own until the first reading', () => {
    expect(Math.abs(new StoreClock().now() - Date.now())).toBeLessThan(10_000);
  });
});
