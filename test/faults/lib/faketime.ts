import { existsSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const LIBRARY = 'faketime/libfaketime.so.1';

/** The environment in which a process has a wall clock that is off by so much, such as `+1h`; Linux only. */
export function clockOff(offset: string): Record<string, string> {
  // libc in front of jemalloc, which Redis uses: jemalloc asks for the time before libfaketime is ready to tell.
  return { LD_PRELOAD: `${findLibrary()} libc.so.6`, FAKETIME: offset, FAKETIME_DONT_FAKE_MONOTONIC: '1' };
}

/** The wall clock of a process, which can step while it runs: by the time that the next second begins it has. */
export class SteppedClock {
  private readonly file = join(mkdtempSync(join(tmpdir(), 'beeline-clock-')), 'offset');
  private offsetSeconds = 0;
  readonly environment: Record<string, string> = {
    LD_PRELOAD: `${findLibrary()} libc.so.6`,
    FAKETIME_TIMESTAMP_FILE: this.file,
    FAKETIME_CACHE_DURATION: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  };

  constructor() {
    this.step(0);
  }

  /** One that is behind another by so much, at any time from now on until one of them steps. */
  static behind(other: SteppedClock, seconds: number): SteppedClock {
    const clock = new SteppedClock();
    clock.step(other.offsetSeconds - seconds);
    return clock;
  }

  /** By so much from where it is; backwards where negative. */
  step(seconds: number): void {
    this.offsetSeconds += seconds;
    writeFileSync(this.file, `${this.offsetSeconds < 0 ? '' : '+'}${this.offsetSeconds}s\n`);
  }
}

function findLibrary(): string {
  const folders = ['/usr/lib', ...readdirSync('/usr/lib').map((name) => join('/usr/lib', name))];
  const found = folders.map((folder) => join(folder, LIBRARY)).find((file) => existsSync(file));
  if (found === undefined) throw new Error('libfaketime is missing: npm run test:faults installs it');
  return found;
}
