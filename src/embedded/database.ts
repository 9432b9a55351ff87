import { join, resolve } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { codeOf, StartError, unavailable } from '../shared';
import type { Changes } from './changes';
import { KeyedQueue } from './keyed-queue';
import { View } from './view';

type Level = ClassicLevel<string, string>;

/**
 * The store on this machine's disk: LevelDB in `DATA_DIR/store`, held by one process at a time. The operating
 * system lets go of its lock with the process, however that ends, and a write that was cut short is dropped whole
 * when the log is read again.
 */
export class EmbeddedDatabase {
  private readonly queue = new KeyedQueue();
  private readonly current: View;

  private constructor(
    private readonly level: Level,
    /** The store's clock, Unix ms. */
    readonly now: () => number,
  ) {
    this.current = new View(level);
  }

  /** Throws a StartError where the directory is held by another process, or can't be used. */
  static async open(dataDir: string, now: () => number = Date.now): Promise<EmbeddedDatabase> {
    const level: Level = new ClassicLevel(join(dataDir, 'store'), {
      keyEncoding: 'utf8',
      valueEncoding: 'utf8',
    });
    try {
      await level.open();
    } catch (cause) {
      throw cannotOpen(resolve(dataDir), cause);
    }
    return new EmbeddedDatabase(level, now);
  }

  /**
   * Runs one operation on an owner's keys, after those of the same owner that came before it have ended: what it
   * reads stands until it has written.
   */
  exclusively<T>(owner: string, operation: (view: View) => Promise<T>): Promise<T> {
    return this.queue.run(owner, () => translated(operation(this.current)));
  }

  /** Reads of one moment, which wait for nobody. */
  async look<T>(read: (view: View) => Promise<T>): Promise<T> {
    return translated(this.readAtOnce(read));
  }

  /** Writes all of it or nothing. `durable`: on the disk when this resolves, whatever happens to the machine. */
  async commit(changes: Changes, { durable }: { durable: boolean }): Promise<void> {
    if (changes.list.length > 0) await translated(this.level.batch(changes.list, { sync: durable }));
  }

  async close(): Promise<void> {
    await this.level.close();
  }

  private async readAtOnce<T>(read: (view: View) => Promise<T>): Promise<T> {
    const snapshot = this.level.snapshot();
    try {
      return await read(new View(this.level, snapshot));
    } finally {
      await snapshot.close();
    }
  }
}

/** A full or broken disk, or a database that is closed: `unavailable`. What is our own fault comes through as it is. */
async function translated<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw codeOf(error)?.startsWith('LEVEL_') ? unavailable(error) : error;
  }
}

function cannotOpen(dataDir: string, error: unknown): StartError {
  const reason = (error as Error).cause ?? error;
  if (codeOf(reason) === 'LEVEL_LOCKED') {
    return new StartError(
      `DATA_DIR ${dataDir} is in use by another process: stop that one, or give this one a DATA_DIR of its own.`,
      { cause: error },
    );
  }
  const words = (reason as Error).message.replaceAll('\n', ' ');
  return new StartError(`DATA_DIR ${dataDir} can not be used: ${words}`, {
    cause: error,
  });
}
