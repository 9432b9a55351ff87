import fc from 'fast-check';
import { spendFrom } from './bucket-level';
import { SettledBucket, settlingCost } from './settled-bucket';

const RATE = 20;
const BURST = 40;

/** The store's bucket, as SendRate uses it. */
class StoreBucket {
  private fullAtMs = 0;

  constructor(private readonly rate: number) {}

  charge(cost: number, nowMs: number): number {
    const burst = 2 * this.rate + settlingCost(this.rate);
    const { fullAtMs, overMs } = spendFrom(this.fullAtMs, nowMs, {
      cost,
      intervalMs: 1000 / this.rate,
      burst,
    });
    this.fullAtMs = fullAtMs;
    return overMs;
  }
}

/** One user on several nodes whose store answers after `latencyMs`; each step is a try on a node. */
function run(
  rate: number,
  nodes: number,
  latencyMs: number,
  steps: readonly { node: number; afterMs: number }[],
) {
  const store = new StoreBucket(rate);
  const buckets = Array.from({ length: nodes }, () => new SettledBucket(rate, 2 * rate));
  const answers: { atMs: number; give: (atMs: number) => void }[] = [];
  const accepted: number[] = [];
  let settlings = 0;
  let closings = 0;
  let nowMs = 0;
  const settle = (bucket: SettledBucket, atMs: number): void => {
    const cost = bucket.beginSettling();
    if (cost === 0) return;
    settlings += 1;
    const overMs = store.charge(cost, atMs + latencyMs / 2);
    if (overMs > 0) closings += 1;
    answers.push({
      atMs: atMs + latencyMs,
      give: (at) => {
        bucket.settled(overMs, at);
        settle(bucket, at);
      },
    });
  };
  for (const { node, afterMs } of steps) {
    nowMs += afterMs;
    while (answers[0] !== undefined && answers[0].atMs <= nowMs) {
      const answer = answers.shift();
      answer?.give(answer.atMs);
    }
    const bucket = buckets[node % nodes];
    if (bucket === undefined || bucket.take(nowMs) > 0) continue;
    accepted.push(nowMs);
    settle(bucket, nowMs);
  }
  return { accepted, settlings, closings, endMs: nowMs };
}

const hammering = (count: number, everyMs: number) =>
  Array.from({ length: count }, (_, i) => ({ node: i, afterMs: everyMs }));

describe('SettledBucket', () => {
  it('answers by itself and tells half a second’s worth at a time', () => {
    const bucket = new SettledBucket(RATE, BURST);
    for (let i = 1; i < 10; i += 1) {
      expect(bucket.take(0)).toBe(0);
      expect(bucket.beginSettling()).toBe(0);
    }
    expect(bucket.take(0)).toBe(0);
    expect(bucket.beginSettling()).toBe(10);
    for (let i = 0; i < 15; i += 1) bucket.take(0);
    expect(bucket.beginSettling()).toBe(0);
    bucket.settled(0, 1);
    expect(bucket.beginSettling()).toBe(15);
  });

  it('is closed for as long as the store says, and open then', () => {
    const bucket = new SettledBucket(RATE, BURST);
    bucket.settled(300, 1000);
    expect(bucket.take(1000)).toBe(300);
    expect(bucket.take(1299.5)).toBe(1);
    expect(bucket.take(1300)).toBe(0);
  });

  it('decides alone where the store does not answer', () => {
    const bucket = new SettledBucket(RATE, BURST);
    let accepted = 0;
    for (let nowMs = 0; nowMs <= 10_000; nowMs += 10) {
      if (bucket.take(nowMs) === 0) accepted += 1;
      if (bucket.beginSettling() > 0) bucket.notSettled();
    }
    expect(accepted).toBe(BURST + RATE * 10);
  });

  it('tells all there is before it is forgotten', () => {
    const bucket = new SettledBucket(RATE, BURST);
    for (let i = 0; i < 3; i += 1) bucket.take(0);
    expect(bucket.beginLast()).toBe(3);
    expect(bucket.beginLast()).toBe(0);
  });

  it('never closes on a user of one node alone, however the user sends', () => {
    const steps = fc.array(
      fc.record({ node: fc.constant(0), afterMs: fc.oneof(fc.constant(0), fc.nat(60), fc.nat(3000)) }),
      { maxLength: 400 },
    );
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50 }), fc.nat(400), steps, (rate, latencyMs, tries) => {
        expect(run(rate, 1, latencyMs, tries).closings).toBe(0);
      }),
      { numRuns: 200 },
    );
  });

  it.each([1, 2, 3, 10])('holds a user who hammers %i nodes to the rate in the long run', (nodes) => {
    const { accepted, settlings, endMs } = run(RATE, nodes, 20, hammering(60_000, 2));
    const fair = (RATE * endMs) / 1000;
    expect(accepted.length).toBeGreaterThan(0.9 * fair);
    // Each node gives its burst once; what is over the rate after that has been paid for by waiting.
    expect(accepted.length).toBeLessThanOrEqual(fair + nodes * (BURST + settlingCost(RATE)));
    expect(settlings).toBeLessThanOrEqual(accepted.length / settlingCost(RATE));
  });

  it('tells the truth: after waiting so long one passes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ afterMs: fc.nat(200), overMs: fc.option(fc.nat(500), { freq: 10 }) }), {
          maxLength: 300,
        }),
        (steps) => {
          const bucket = new SettledBucket(RATE, BURST);
          let nowMs = 0;
          for (const { afterMs, overMs } of steps) {
            nowMs += afterMs / 10;
            if (overMs !== null) bucket.settled(overMs, nowMs);
            const waitMs = bucket.take(nowMs);
            if (waitMs === 0) continue;
            nowMs += waitMs;
            expect(bucket.take(nowMs)).toBe(0);
          }
        },
      ),
    );
  });
});
