import { setTimeout as delay } from 'node:timers/promises';
import { codeOf, monotonicMs, unavailable } from '../shared';
import type { Changes } from './changes';
import { KeyedQueue } from './keyed-queue';
import { cannotOpen, isCorruption, type Level, openLevel } from './level';
import { Recovery } from './recovery';
import { sealAll } from './seal-all';
import { type StoreWatcher, UNWATCHED } from './store-watcher';
import { survey } from './survey';
import { View } from './view';
import { Writer } from './writer';

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5000;
/** A store that fails again sooner than this goes on with the longer pause. */
const STEADY_AFTER_MS = 60_000;
/** Written and synced before a store that was lost serves again: there must be room for more than one message. */
const PROBE = 'x'.repeat(256 * 1024);
const PROBE_KEY = 'probe';

/** LevelDB as it is opened just now. */
interface Handle {
  level: Level;
  writer: Writer;
  view: View;
  /** Ends the survey of it. */
  stop: AbortController;
}

/**
 * The store on this machine's disk: LevelDB in `DATA_DIR/store`, held by one process at a time. The operating
 * system lets go of its lock with the process, however that ends, and a write that was cut short is dropped whole
 * when the log is read again.
 *
 * With the first write that fails it is lost: nothing is read or written, everything is `unavailable`, until LevelDB has
 * been closed, opened anew and has taken a write. The file that a failed write tore is never written to again.
 */
export class EmbeddedDatabase {
  private readonly queue = new KeyedQueue();
  private readonly recovery: Recovery;
  private handle: Handle | undefined;
  private readonly closing = new AbortController();
  private reopening = Promise.resolve();
  private surveying = Promise.resolve();
  private needsRepair = false;
  private pauseMs = FIRST_PAUSE_MS;
  private openedAt = monotonicMs();
  /** Operations under way, and who waits until there is none. */
  private running = 0;
  private onIdle: (() => void) | undefined;

  private constructor(
    private readonly dataDir: string,
    /** The store's clock, Unix ms. */
    readonly now: () => number,
    private readonly watcher: StoreWatcher,
  ) {
    this.recovery = new Recovery(dataDir, now);
  }

  /** Throws a StartError where the directory is held by another process, or can't be used. */
  static async open(
    dataDir: string,
    now: () => number = Date.now,
    watcher: StoreWatcher = UNWATCHED,
  ): Promise<EmbeddedDatabase> {
    const database = new EmbeddedDatabase(dataDir, now, watcher);
    try {
      database.serve(await database.connectFirst());
    } catch (cause) {
      throw cannotOpen(dataDir, cause);
    }
    return database;
  }

  /** Why nothing can be read or written now, in words for its operator; undefined where it can. */
  get fault(): string | undefined {
    return this.handle === undefined
      ? 'a write to the disk failed: the store is being opened anew'
      : undefined;
  }

  /**
   * Runs one operation on an owner's keys, after those of the same owner that came before it have ended: what it
   * reads stands until it has written.
   */
  exclusively<T>(owner: string, operation: (view: View) => Promise<T>): Promise<T> {
    return this.queue.run(owner, () => this.during(({ view }) => operation(view)));
  }

  /** Reads of one moment, which wait for nobody. */
  look<T>(read: (view: View) => Promise<T>): Promise<T> {
    return this.during(async ({ level }) => {
      const snapshot = level.snapshot();
      try {
        return await read(new View(level, (key) => this.watcher.damaged(key), snapshot));
      } finally {
        await snapshot.close();
      }
    });
  }

  /** Writes all of it or nothing. `durable`: on the disk when this resolves, whatever happens to the machine. */
  async commit(changes: Changes, { durable }: { durable: boolean }): Promise<void> {
    if (changes.list.length > 0) await this.during(({ writer }) => writer.write(changes.list, durable));
  }

  /** Resolves when what is opened anew just now serves again, or is closed. */
  untilBack(): Promise<void> {
    return this.reopening;
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.reopening;
    const { handle } = this;
    this.handle = undefined;
    handle?.stop.abort();
    await this.surveying;
    await handle?.level.close();
  }

  /** A full or broken disk, or a database that is closed: `unavailable`. What is our own fault comes through as it is. */
  private async during<T>(work: (handle: Handle) => Promise<T>): Promise<T> {
    const { handle } = this;
    if (handle === undefined) throw unavailable();
    this.running += 1;
    try {
      return await work(handle);
    } catch (error) {
      if (isCorruption(error)) this.lose(handle, error);
      throw codeOf(error)?.startsWith('LEVEL_') ? unavailable(error) : error;
    } finally {
      this.running -= 1;
      if (this.running === 0) this.onIdle?.();
    }
  }

  /** From the first failure on, nobody reads or writes by this handle. */
  private lose(handle: Handle, reason: unknown): void {
    if (this.handle !== handle || this.closing.signal.aborted) return;
    this.handle = undefined;
    this.needsRepair ||= isCorruption(reason);
    handle.writer.fail(reason);
    this.watcher.lost(reason);
    const lostAt = monotonicMs();
    if (lostAt - this.openedAt > STEADY_AFTER_MS) this.pauseMs = FIRST_PAUSE_MS;
    this.reopening = this.reopen(handle, lostAt);
  }

  private async reopen({ level, stop }: Handle, lostAt: number): Promise<void> {
    stop.abort();
    // An operation that has read by the old handle must not write by the new one.
    await Promise.all([this.closeLost(level), this.idle(), this.surveying]);
    while (!this.closing.signal.aborted) {
      await delay(this.pauseMs, undefined, { signal: this.closing.signal }).catch(() => undefined);
      this.pauseMs = Math.min(2 * this.pauseMs, LONGEST_PAUSE_MS);
      if (this.closing.signal.aborted || !(await this.tryAgain())) continue;
      this.openedAt = monotonicMs();
      this.watcher.back(this.openedAt - lostAt);
      return;
    }
  }

  private async tryAgain(): Promise<boolean> {
    try {
      this.serve(await this.connect({ probe: true }));
      return true;
    } catch (error) {
      this.watcher.stillLost(error);
      return false;
    }
  }

  /** It may fail as the write did: LevelDB lets go of the directory all the same, and opening it tells. */
  private async closeLost(level: Level): Promise<void> {
    try {
      await level.close();
    } catch (error) {
      this.watcher.stillLost(error);
    }
  }

  private async idle(): Promise<void> {
    if (this.running > 0) await new Promise<void>((resolve) => (this.onIdle = resolve));
    this.onIdle = undefined;
  }

  private async connectFirst(): Promise<Handle> {
    try {
      return await this.connect({ probe: false });
    } catch (error) {
      if (!isCorruption(error)) throw error;
      this.watcher.lost(error);
      return this.connect({ probe: false });
    }
  }

  /** Opens LevelDB, and repairs it first where it said that its files are damaged. */
  private async connect({ probe }: { probe: boolean }): Promise<Handle> {
    await this.recovery.noteLogs();
    const repair = this.needsRepair;
    const level = await openLevel(this.dataDir, { repair }).catch((error: unknown) => {
      this.needsRepair ||= isCorruption(error);
      throw error;
    });
    this.needsRepair = false;
    const handle: Handle = {
      level,
      writer: new Writer(level, (reason) => this.lose(handle, reason)),
      view: new View(level, (key) => this.watcher.damaged(key)),
      stop: new AbortController(),
    };
    try {
      await this.recovery.noteDrops(this.watcher, repair);
      await sealAll(level);
      const changes = await this.recovery.lostEnds(handle.view);
      if (probe) changes.putText(PROBE_KEY, PROBE).delete(PROBE_KEY);
      if (changes.list.length > 0) await handle.writer.write(changes.list, true);
      this.recovery.settle();
      return handle;
    } catch (error) {
      this.needsRepair ||= isCorruption(error);
      await this.closeLost(level);
      throw error;
    }
  }

  private serve(handle: Handle): void {
    this.handle = handle;
    this.surveying = this.survey(handle);
  }

  private async survey(handle: Handle): Promise<void> {
    const { level, stop } = handle;
    const startedAt = monotonicMs();
    try {
      const found = await survey(level, this.watcher, stop.signal);
      this.watcher.surveyed({ ...found, ms: Math.round(monotonicMs() - startedAt) });
    } catch (error) {
      if (isCorruption(error)) this.lose(handle, error);
      else if (!stop.signal.aborted) this.watcher.surveyFailed(error);
    }
  }
}
