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

  it('is our own until the first reading', () => {
    expect(Math.abs(new StoreClock().now() - Date.now())).toBeLessThan(10_000);
  });
});
