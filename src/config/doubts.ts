import type { Config } from './config';
import { SWEEPS_AHEAD } from './lifetimes';

/** A lease outlives one renewal that gets no answer, and the two pauses around it. */
const RENEWALS_PER_LEASE = 3;

/** What works, but not as well as whoever set it may think: settings that are each right, and do not fit together. */
export function doubtsAbout(config: Config): string[] {
  const { redisUrl, redisCommandTimeoutMs, nodeLeaseMs, inboxTtlMs, sweepIntervalMs } = config;
  const doubts: string[] = [];
  if (redisUrl !== undefined && RENEWALS_PER_LEASE * redisCommandTimeoutMs > nodeLeaseMs) {
    doubts.push(
      `NODE_LEASE_MS (${nodeLeaseMs}) is less than three times REDIS_COMMAND_TIMEOUT_MS (${redisCommandTimeoutMs}): one renewal that gets no answer can cost a node its lease`,
    );
  }
  if (inboxTtlMs < SWEEPS_AHEAD * sweepIntervalMs) {
    doubts.push(
      `INBOX_TTL_MS (${inboxTtlMs}) is less than ${SWEEPS_AHEAD} times SWEEP_INTERVAL_MS (${sweepIntervalMs}): a message whose push is lost can expire before a sweep finds it`,
    );
  }
  return doubts;
}
