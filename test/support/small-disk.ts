import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Environment } from './beeline-node';
import { type BeelineProcess, startProcess } from './beeline-process';

const DISK_BYTES = 64 * 2 ** 20;
const BLOCK_BYTES = 4096;
/** The signal of a file that grows over the limit would end the process: ignored, the write fails. */
const IGNORING_XFSZ = ['sh', '-c', `trap '' XFSZ; exec "$0" "$@"`];

/**
 * A disk of its own for one node, which can be full and stays so: a small tmpfs, or, where we may not mount, a limit on
 * the size of the files that the node writes.
 */
export class SmallDisk {
  private readonly dir = mkdtempSync(join(tmpdir(), 'beeline-small-disk-'));
  readonly isMounted: boolean;
  private node: BeelineProcess | undefined;

  constructor() {
    // `NO_MOUNT=1` tries what is done where we may not.
    const mayMount = process.env['NO_MOUNT'] === undefined;
    const mount = ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'tmpfs', this.dir];
    this.isMounted = mayMount && spawnSync('mount', mount).status === 0;
  }

  get dataDir(): string {
    return join(this.dir, 'data');
  }

  async start(environment: Environment): Promise<BeelineProcess> {
    this.node = await startProcess(
      { DATA_DIR: this.dataDir, STORE: 'embedded', ...environment },
      this.isMounted ? [] : IGNORING_XFSZ,
    );
    return this.node;
  }

  /** Leaves so much room at most. */
  fill(leaveBytes = 0): void {
    if (!this.isMounted) return this.limitFiles(`${Math.max(1, leaveBytes)}`);
    const { bavail, bsize } = statfsSync(this.dir);
    const blocks = Math.max(0, Math.floor((bavail * bsize - leaveBytes) / BLOCK_BYTES));
    try {
      writeFileSync(this.ballast, Buffer.alloc(blocks * BLOCK_BYTES), { flag: 'a' });
    } catch (error) {
      // The node has written meanwhile: fuller than asked for is full as well.
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  }

  makeRoom(): void {
    if (this.isMounted) rmSync(this.ballast, { force: true });
    else this.limitFiles('unlimited');
  }

  remove(): void {
    if (this.isMounted) spawnSync('umount', ['-l', this.dir]);
    rmSync(this.dir, { recursive: true, force: true });
  }

  private limitFiles(bytes: string): void {
    const limit = spawnSync('prlimit', ['--pid', `${this.node?.pid}`, `--fsize=${bytes}:unlimited`]);
    if (limit.status !== 0) throw new Error(`no full disk can be made here: ${limit.stderr.toString()}`);
  }

  private get ballast(): string {
    return join(this.dir, 'ballast');
  }
}
