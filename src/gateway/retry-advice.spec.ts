import { RetryAdvice } from './retry-advice';

describe('how long the refused should wait', () => {
  it('is from one second to five at first, spread over all of that', () => {
    const advice = new RetryAdvice();
    const waits = Array.from({ length: 1000 }, () => advice.met(0).retryAfterMs);
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(1000);
    expect(Math.max(...waits)).toBeLessThanOrEqual(5000);
    expect(Math.min(...waits)).toBeLessThan(1500);
    expect(Math.max(...waits)).toBeGreaterThan(4500);
    expect(new Set(waits).size).toBeGreaterThan(500);
  });

  it('grows while the cause lasts, and not for ever', () => {
    const advice = new RetryAdvice(() => 0.5);
    const waits = [0, 10_000, 20_000, 60_000, 120_000, 200_000, 280_000].map(
      (at) => advice.met(at).retryAfterMs,
    );
    expect(waits).toEqual([3000, 6000, 9000, 21_000, 36_000, 36_000, 36_000]);
  });

  it('begins anew once the cause is gone, or has not been met for long', () => {
    const advice = new RetryAdvice(() => 0);
    advice.met(0);
    expect(advice.met(60_000)).toEqual({ lastedMs: 60_000, retryAfterMs: 7000 });
    advice.over();
    expect(advice.met(61_000)).toEqual({ lastedMs: 0, retryAfterMs: 1000 });
    expect(advice.met(190_000)).toEqual({ lastedMs: 0, retryAfterMs: 1000 });
  });
});
