import { monotonicMs } from '../shared';

const MINUTE_MS = 60_000;

/**
 * For lines that strangers cause: the first of a kind is told at once, then one line a minute with the number of
 * those that came since. The kinds are ours, a handful, and never what was sent.
 */
export class OnceAMinute {
  private readonly kinds = new Map<string, { toldAtMs: number; untold: number }>();

  /** Counts one. Where a line is due: how many there were since the last line, this one among them. */
  due(kind: string, nowMs = monotonicMs()): number | undefined {
    const known = this.kinds.get(kind) ?? { toldAtMs: -Infinity, untold: 0 };
    this.kinds.set(kind, known);
    known.untold += 1;
    if (nowMs - known.toldAtMs < MINUTE_MS) return undefined;
    const count = known.untold;
    known.toldAtMs = nowMs;
    known.untold = 0;
    return count;
  }
}
