import { readConfig } from '../config';
import { toClientError, type UserId } from '../shared';
import { IntakeRate } from './intake-rate';
import { LookRate } from './look-rate';

const ALICE = 'alice' as UserId;
const BOB = 'bob' as UserId;

function refusalOf(ask: () => void): unknown {
  try {
    ask();
    return undefined;
  } catch (error) {
    return toClientError(error);
  }
}

describe('what a user may ask', () => {
  it('is paid for by what an answer holds, before the next question', () => {
    const rate = new LookRate();
    rate.spend(ALICE, 1);
    // A whole inbox five times, at a token for each KB, of 20,000 at once and 2,000 a second.
    rate.charge(ALICE, 5 * 4 * 2 ** 20);
    expect(refusalOf(() => rate.spend(ALICE, 1))).toMatchObject({ code: 'rate_limited' });
    const { retryAfterMs } = refusalOf(() => rate.spend(ALICE, 1)) as { retryAfterMs: number };
    expect(retryAfterMs).toBeGreaterThan(100);
    expect(retryAfterMs).toBeLessThanOrEqual(241);
    expect(refusalOf(() => rate.spend(BOB, 20_000))).toBeUndefined();
  });
});

describe('what a user may say', () => {
  const config = (environment: Record<string, string>) =>
    readConfig({ REDIS_URL: 'redis://localhost', AUTH_SECRET: 'x'.repeat(32), ...environment });

  it('is four seconds of twice the largest messages at once, and then has to wait', () => {
    const rate = new IntakeRate(config({}));
    const perSecond = 2 * 20 * 16_384;
    expect(rate.charge(ALICE, 4 * perSecond)).toBe(0);
    const waitMs = rate.charge(ALICE, perSecond);
    expect(waitMs).toBeGreaterThan(900);
    expect(waitMs).toBeLessThanOrEqual(1000);
    expect(rate.charge(BOB, perSecond)).toBe(0);
  });

  it('is half a MB a second however little may be sent', () => {
    const rate = new IntakeRate(config({ SEND_RATE_PER_SECOND: '1', MAX_BODY_BYTES: '100' }));
    expect(rate.charge(ALICE, 4 * 512 * 1024)).toBe(0);
    // A second's worth: what comes back between two lines here is less.
    expect(rate.charge(ALICE, 512 * 1024)).toBeGreaterThan(0);
  });
});
