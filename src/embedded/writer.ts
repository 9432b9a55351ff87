import type { Change } from './changes';
import type { Level } from './level';
import { seal } from './seal';

interface Waiting {
  changes: readonly Change[];
  durable: boolean;
  resolve: () => void;
  reject: (reason: unknown) => void;
}

/**
 * Writes to one opened LevelDB, one batch at a time: what comes meanwhile goes together into the next one. After the
 * first write that fails it writes nothing any more. LevelDB itself would go on behind a torn record, and whatever
 * lies behind one is gone when the log is read again.
 */
export class Writer {
  private waiting: Waiting[] = [];
  private isBusy = false;
  private failure: { reason: unknown } | undefined;

  constructor(
    private readonly level: Level,
    /** Called once, before anybody is told of it. */
    private readonly onFailure: (reason: unknown) => void,
  ) {}

  /** Resolves when all of it is written; `durable`: and is on the disk. Otherwise none of it is, or nobody can tell. */
  write(changes: readonly Change[], durable: boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ changes, durable, resolve, reject });
      void this.run();
    });
  }

  /** Nothing is written any more: what waits is refused, and what comes. */
  fail(reason: unknown): void {
    this.failure ??= { reason };
    for (const { reject } of this.waiting.splice(0)) reject(this.failure.reason);
  }

  private async run(): Promise<void> {
    if (this.failure !== undefined) return this.fail(this.failure.reason);
    if (this.isBusy) return;
    this.isBusy = true;
    while (this.waiting.length > 0) await this.writeNext(this.waiting.splice(0));
    this.isBusy = false;
  }

  private async writeNext(group: readonly Waiting[]): Promise<void> {
    try {
      const sync = group.some(({ durable }) => durable);
      await this.level.batch(
        group.flatMap(({ changes }) => changes.map(sealed)),
        { sync },
      );
    } catch (error) {
      if (this.failure === undefined) this.onFailure(error);
      for (const { reject } of group) reject(error);
      return this.fail(error);
    }
    // A read may have found the database damaged meanwhile; this was written before, and stands.
    for (const { resolve } of group) resolve();
  }
}

function sealed(change: Change): Change {
  return change.type === 'put' ? { ...change, value: seal(change.key, change.value) } : change;
}
