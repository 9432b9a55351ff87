import fc from 'fast-check';
import { spendFrom } from '../../src/limits/bucket-level';
import type { Spending } from '../../src/limits/rate-store.port';
import { aUser, storeIsPast } from './fixtures';
import type { OpenStore } from './store-kind';
import { stores } from './stores';

/** So slow that nothing comes back while a test runs. */
const SLOW_MS = 1_000_000;

const spending = (fields: Partial<Spending> = {}): Spending => ({
  owner: aUser(),
  rate: 'tries',
  cost: 1,
  intervalMs: SLOW_MS,
  burst: 3,
  ...fields,
});

describe.each(stores)('RateStore on $name', (kind) => {
  let store: OpenStore;
  beforeAll(async () => {
    store = await kind.open();
  });
  afterAll(() => store.close());

  it('allows the burst and then nothing, and says when', async () => {
    const one = spending();
    for (let i = 0; i < 3; i += 1) {
      expect(await store.rates.spend(one)).toEqual({ allowed: true, retryAfterMs: 0 });
    }
    const { allowed, retryAfterMs } = await store.rates.spend(one);
    expect(allowed).toBe(false);
    expect(Number.isInteger(retryAfterMs)).toBe(true);
    expect(retryAfterMs).toBeLessThanOrEqual(SLOW_MS);
    expect(retryAfterMs).toBeGreaterThan(SLOW_MS - 60_000);
  });

  it('tells the truth: by then it is allowed, and not much before', async () => {
    const one = spending({ intervalMs: 300, burst: 2 });
    await store.rates.spend({ ...one, cost: 2 });
    const before = await store.storeNow();
    const { retryAfterMs } = await store.rates.spend(one);
    expect(retryAfterMs).toBeGreaterThan(0);
    await storeIsPast(store, before + retryAfterMs);
    expect((await store.rates.spend(one)).allowed).toBe(true);
    const next = await store.rates.spend(one);
    expect(next.allowed).toBe(false);
    expect(next.retryAfterMs).toBeGreaterThan(100);
  });

  it('spends all of a cost or nothing', async () => {
    const some = spending();
    await store.rates.spend(some);
    expect((await store.rates.spend({ ...some, cost: 3 })).allowed).toBe(false);
    expect((await store.rates.spend({ ...some, cost: 2 })).allowed).toBe(true);
    expect((await store.rates.spend(some)).allowed).toBe(false);
  });

  it('charges in any case, and says how long the debt lasts', async () => {
    const some = spending({ cost: 2 });
    expect(await store.rates.charge(some)).toEqual({ allowed: true, retryAfterMs: 0 });
    for (const debt of [1, 3]) {
      const { allowed, retryAfterMs } = await store.rates.charge(some);
      expect(allowed).toBe(false);
      expect(Math.abs(retryAfterMs - debt * SLOW_MS)).toBeLessThan(60_000);
    }
    const { retryAfterMs } = await store.rates.spend({ ...some, cost: 1 });
    expect(Math.abs(retryAfterMs - 4 * SLOW_MS)).toBeLessThan(60_000);
  });

  it('takes intervals that are not whole', async () => {
    const some = spending({ intervalMs: SLOW_MS + 1 / 3, burst: 7 });
    expect((await store.rates.spend({ ...some, cost: 7 })).allowed).toBe(true);
    expect((await store.rates.spend(some)).allowed).toBe(false);
  });

  it('is one bucket per owner and rate', async () => {
    const one = spending({ burst: 1 });
    expect((await store.rates.spend(one)).allowed).toBe(true);
    expect((await store.rates.spend({ ...one, rate: 'others' })).allowed).toBe(true);
    expect((await store.rates.spend({ ...one, owner: aUser() })).allowed).toBe(true);
    expect((await store.rates.spend(one)).allowed).toBe(false);
  });

  it('is the same bucket for another node, and exact when all ask at once', async () => {
    const another = await store.openAnother();
    const one = spending({ burst: 20 });
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, i) => (i % 2 === 0 ? store : another).rates.spend(one)),
    );
    expect(answers.filter(({ allowed }) => allowed)).toHaveLength(20);
    await another.close();
  });

  it('does as the model does, whatever is spent and charged', async () => {
    const step = fc.record({ cost: fc.integer({ min: 1, max: 5 }), intoDebt: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 5, max: 20 }),
        fc.array(step, { maxLength: 12 }),
        async (burst, steps) => {
          const base = spending({ burst });
          let fullAt = 0;
          for (const { cost, intoDebt } of steps) {
            const some = { ...base, cost };
            const expected = spendFrom(fullAt, 0, some);
            const { allowed, retryAfterMs } = await (intoDebt
              ? store.rates.charge(some)
              : store.rates.spend(some));
            expect(allowed).toBe(expected.overMs === 0);
            expect(Math.abs(retryAfterMs - expected.overMs)).toBeLessThan(60_000);
            if (allowed || intoDebt) fullAt = expected.fullAtMs;
          }
        },
      ),
      { numRuns: 30 },
    );
  });
});
