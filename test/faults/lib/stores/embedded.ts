import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ArenaStore, Wiring } from './arena-store';

const DISK_BYTES = 256 * 2 ** 20;
const BLOCK_BYTES = 4096;

/** A directory on a small disk of its own, in memory, that can be filled; a plain directory where we may not mount. */
export class EmbeddedDisk implements ArenaStore {
  readonly maxNodes = 1;

  private constructor(
    private readonly dir: string,
    /** Whether it can be filled. */
    readonly isOwnDisk: boolean,
  ) {}

  static start(): EmbeddedDisk {
    const dir = mkdtempSync(join(tmpdir(), 'beeline-disk-'));
    const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'tmpfs', dir]);
    return new EmbeddedDisk(dir, mount.status === 0);
  }

  async connect(): Promise<Wiring> {
    return { environment: { DATA_DIR: join(this.dir, 'data'), STORE: 'embedded' } };
  }

  /** Leaves so much room, and no more. */
  fill(leaveBytes: number): void {
    const { bavail, bsize } = statfsSync(this.dir);
    const blocks = Math.max(0, Math.floor((bavail * bsize - leaveBytes) / BLOCK_BYTES));
    try {
      writeFileSync(this.ballast, Buffer.alloc(blocks * BLOCK_BYTES));
    } catch (error) {
      // The node has written meanwhile: fuller than asked for is full as well.
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  }

  makeRoom(): void {
    rmSync(this.ballast, { force: true });
  }

  async keys(): Promise<[]> {
    return [];
  }

  async close(): Promise<void> {
    if (this.isOwnDisk) spawnSync('umount', ['-l', this.dir]);
    rmSync(this.dir, { recursive: true, force: true });
  }

  private get ballast(): string {
    return join(this.dir, 'ballast');
  }
}
