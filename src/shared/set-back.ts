/**
 * By how much the store's clock has been set back since something was written at that time; 0 where it has not. The twin
 * of `set_back_since` in `redis/lua/time.lua`: nothing is written ahead of the clock, so what lies there was written by a
 * clock that was wrong. Whoever meets such a time moves it back by this, with all that was reckoned from it.
 */
export function setBackSince(writtenMs: number, nowMs: number): number {
  return Math.max(0, writtenMs - nowMs);
}
