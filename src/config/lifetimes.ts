import type { Config } from './config';

/** An entry of presence, and a watch, survive one lost sweep and a late one. */
export const SWEEPS_AHEAD = 2.5;
const SWEEPS_OF_STATE = 2 * SWEEPS_AHEAD;

/**
 * How long the state of an inbox (offsets, cursors, when its user was last seen) is kept after it was last written:
 * longer than the messages, and longer than it takes until the sweep of a connected user writes it again.
 */
export function stateTtlMsOf({ inboxTtlMs, sweepIntervalMs }: Config): number {
  return Math.max(2 * inboxTtlMs, Math.ceil(SWEEPS_OF_STATE * sweepIntervalMs));
}
