import { keys } from './keys';

/** A record that counts for nothing from `until` on (Unix ms), whether or not it has been removed by then. */
export interface Expiring {
  until: number;
}

export type Change = { type: 'put'; key: string; value: string } | { type: 'del'; key: string };

const HOUR_MS = 3_600_000;

/**
 * Until when a record is kept that is to live at least `ttlMs` from now. Renewed at most once in an hour (or a
 * tenth of a shorter life), so that not every write is a new date to remember.
 */
export function renewed(until: number, ttlMs: number, nowMs: number): number {
  const slackMs = Math.min(HOUR_MS, Math.floor(ttlMs / 10));
  return until - nowMs < ttlMs ? nowMs + ttlMs + slackMs : until;
}

/** What one operation changes: written as one, or not at all. */
export class Changes {
  readonly list: Change[] = [];

  put(key: string, record: object): this {
    return this.putText(key, JSON.stringify(record));
  }

  putText(key: string, value: string): this {
    this.list.push({ type: 'put', key, value });
    return this;
  }

  /** Writes a record that expires. Its date is noted, unless it is `notedUntil`, the one that was noted before. */
  putExpiring(key: string, record: Expiring, notedUntil?: number): this {
    this.put(key, record);
    return record.until === notedUntil ? this : this.noteDue(record.until, key);
  }

  /** Has a key looked at when that time has come. */
  noteDue(atMs: number, key: string): this {
    return this.putText(keys.due(atMs, key), '');
  }

  delete(key: string): this {
    this.list.push({ type: 'del', key });
    return this;
  }
}
