import type { Logger } from '../logging';
import type { Metrics } from '../metrics';
import { ownerOf } from './keys';
import type { Gap, StoreWatcher } from './store-watcher';

/** A line each at most: a disk that breaks breaks a lot. The counters go on. */
const MAX_LINES = 100;
const MAX_KNOWN = 100_000;

/** Says in the log what befalls the store, and counts it. */
export class StoreWatch implements StoreWatcher {
  private readonly damagedKeys = new Set<string>();
  private lines = 0;
  private isWaiting = false;

  constructor(
    private readonly logger: Logger,
    private readonly metrics: Metrics,
  ) {}

  lost(err: unknown): void {
    this.isWaiting = false;
    this.logger.error({ err }, 'store lost: not ready until it has been opened anew');
  }

  stillLost(err: unknown): void {
    if (!this.isWaiting) this.logger.error({ err }, 'store not opened yet: tried again until it is');
    this.isWaiting = true;
  }

  back(downMs: number): void {
    this.metrics.storeReopenings.inc();
    this.logger.warn({ downMs: Math.round(downMs) }, 'store opened anew');
  }

  dropped(lines: readonly string[], previousLines: readonly string[]): void {
    this.logger.error(
      { lines: lines.slice(-MAX_LINES), previousLines: previousLines.slice(-MAX_LINES) },
      'the database found its files damaged: acknowledged writes may be lost',
    );
  }

  /** Each is told once, however often it is read. */
  damaged(key: string): void {
    if (this.damagedKeys.has(key)) return;
    if (this.damagedKeys.size < MAX_KNOWN) this.damagedKeys.add(key);
    this.metrics.storeDamagedRecords.inc();
    const kind = key.slice(0, key.indexOf('/'));
    if (!this.takesLine()) return;
    this.logger.error({ kind, userId: ownerOf(key) }, 'damaged record: it counts for nothing');
  }

  gap(gap: Gap): void {
    this.metrics.storeMissingMessages.inc(gap.missing);
    if (!this.takesLine()) return;
    this.logger.error(gap, 'messages are missing: their receiver is told of the gap');
  }

  surveyed(found: { records: number; damaged: number; missing: number; ms: number }): void {
    if (found.damaged + found.missing > 0) this.logger.error(found, 'store looked through: damage found');
    else this.logger.info(found, 'store looked through');
  }

  surveyFailed(err: unknown): void {
    this.logger.error({ err }, 'store not looked through');
  }

  private takesLine(): boolean {
    this.lines += 1;
    return this.lines <= MAX_LINES;
  }
}
