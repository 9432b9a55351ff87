/** Less than the store's clock can tell; what rounding adds to a sum of fractions of milliseconds stays below it. */
const ROUNDING_MS = 0.001;

/**
 * One step of a token bucket (GCRA), the twin of `redis/lua/rate.lua`: given when it is full again, what that becomes
 * by spending `cost`, and for how many milliseconds that is over the burst (0 where it is not).
 */
export function spendFrom(
  fullAtMs: number,
  nowMs: number,
  { cost, intervalMs, burst }: { cost: number; intervalMs: number; burst: number },
): { fullAtMs: number; overMs: number } {
  const after = Math.max(nowMs, fullAtMs) + cost * intervalMs;
  return {
    fullAtMs: after,
    overMs: Math.max(0, Math.ceil(after - burst * intervalMs - nowMs - ROUNDING_MS)),
  };
}
