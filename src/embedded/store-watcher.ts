import type { Channel, Offset, UserId } from '../shared';

/** Messages that an inbox once had and has no more, though retention did not take them. */
export interface Gap {
  userId: UserId;
  channel: Channel;
  missing: number;
  /** The message before the gap (or the start of what is kept), and the one after it: null where none is. */
  since: Offset;
  oldest: Offset | null;
}

/** Told of what befalls the store: whoever has a log and counters. */
export interface StoreWatcher {
  /** A write failed, or LevelDB found its files damaged: the store is closed and opened anew. */
  lost(reason: unknown): void;
  /** It was tried again, in vain. */
  stillLost(reason: unknown): void;
  back(downMs: number): void;
  /** LevelDB's own words on what it dropped when it was opened, and when it was opened before that. */
  dropped(lines: readonly string[], previousLines: readonly string[]): void;
  /** A record is not what was written: it counts for nothing. */
  damaged(key: string): void;
  gap(gap: Gap): void;
  /** The look at everything that is stored is over. */
  surveyed(found: { records: number; damaged: number; missing: number; ms: number }): void;
  surveyFailed(reason: unknown): void;
}

const nothing = (): void => undefined;

/** For what has no log: tests, tools. */
export const UNWATCHED: StoreWatcher = {
  lost: nothing,
  stillLost: nothing,
  back: nothing,
  dropped: nothing,
  damaged: nothing,
  gap: nothing,
  surveyed: nothing,
  surveyFailed: nothing,
};
