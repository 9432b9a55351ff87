import fc from 'fast-check';
import { TokenBucket } from './token-bucket';

/** Pauses between attempts, mostly short. */
const pauses = fc.array(fc.oneof(fc.constant(0), fc.double({ min: 0, max: 50, noNaN: true }), fc.nat(5000)), {
  minLength: 1,
  maxLength: 200,
});
const buckets = fc.record({
  capacity: fc.integer({ min: 1, max: 50 }),
  rate: fc.integer({ min: 1, max: 2000 }),
});
const starts = fc.double({ min: 0, max: 1e12, noNaN: true });

describe('TokenBucket', () => {
  it('gives its capacity at once and then one per interval', () => {
    const bucket = new TokenBucket(3, 10);
    expect([0, 0, 0, 0, 99, 100, 100].map((nowMs) => bucket.take(nowMs))).toEqual([0, 0, 0, 100, 1, 0, 100]);
  });

  it('is full again after a rest, and never more than full', () => {
    const bucket = new TokenBucket(2, 10);
    for (const nowMs of [0, 1_000_000]) {
      expect([1, 2, 3].map(() => bucket.take(nowMs))).toEqual([0, 0, 100]);
    }
  });

  it('takes several, all of them or none, and owes what it is charged beyond', () => {
    const bucket = new TokenBucket(10, 10);
    expect([4, 7, 6, 1].map((cost) => bucket.take(0, cost))).toEqual([0, 100, 0, 100]);
    expect(bucket.charge(0, 5)).toBe(500);
    expect([bucket.take(500), bucket.take(600)]).toEqual([100, 0]);
  });

  it('never gives more than capacity + rate · t, from any moment on', () => {
    fc.assert(
      fc.property(buckets, starts, pauses, ({ capacity, rate }, start, gaps) => {
        const bucket = new TokenBucket(capacity, rate);
        const takenAt: number[] = [];
        let nowMs = start;
        for (const gap of gaps) {
          nowMs += gap;
          if (bucket.take(nowMs) === 0) takenAt.push(nowMs);
        }
        for (const [i, from] of takenAt.entries()) {
          for (const [j, to] of takenAt.slice(i).entries()) {
            expect(j + 1).toBeLessThanOrEqual(capacity + ((to - from) * rate) / 1000 + 0.01);
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  it('tells the truth: after waiting so long, and not a millisecond less, one passes', () => {
    fc.assert(
      fc.property(buckets, starts, pauses, ({ capacity, rate }, start, gaps) => {
        const bucket = new TokenBucket(capacity, rate);
        let nowMs = start;
        for (const gap of gaps) {
          nowMs += gap;
          const waitMs = bucket.take(nowMs);
          if (waitMs === 0) continue;
          expect(Number.isInteger(waitMs)).toBe(true);
          // Rounded up to whole milliseconds, and no further.
          expect(bucket.waitMs(nowMs + waitMs - 1.1)).toBeGreaterThan(0);
          nowMs += waitMs;
          expect(bucket.take(nowMs)).toBe(0);
        }
      }),
      { numRuns: 200 },
    );
  });
});
