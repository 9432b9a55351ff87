import { statfs } from 'node:fs/promises';
import type { Logger } from '../logging';

const INTERVAL_MS = 10_000;
/** Some minutes of the fastest writing that one node does; a flush of LevelDB takes 4 MB. */
const LOW_BYTES = 256 * 1024 * 1024;

/** Watches how much room the disk of the store has left: a full one stops everything. */
export class DiskSpace {
  freeBytes = 0;
  private isLow = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly directory: string,
    private readonly logger: Logger,
  ) {}

  async start(): Promise<void> {
    await this.look();
    this.timer = setInterval(() => void this.look(), INTERVAL_MS);
    this.timer.unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** Said once, and again only after there was twice the room. */
  private async look(): Promise<void> {
    try {
      const { bavail, bsize } = await statfs(this.directory);
      this.freeBytes = bavail * bsize;
    } catch (err) {
      this.logger.warn({ err }, 'free space on the disk not read');
      return;
    }
    if (this.freeBytes < LOW_BYTES && !this.isLow) {
      this.logger.warn({ freeBytes: this.freeBytes }, 'little room on the disk: a full one stops the store');
      this.isLow = true;
    } else if (this.freeBytes > 2 * LOW_BYTES) {
      this.isLow = false;
    }
  }
}
