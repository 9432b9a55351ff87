import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const LIBRARY = 'faketime/libfaketime.so.1';

/** The environment in which a process has a wall clock that is off by so much, such as `+1h`; Linux only. */
export function clockOff(offset: string): Record<string, string> {
  // libc in front of jemalloc, which Redis uses: jemalloc asks for the time before libfaketime is ready to tell.
  return { LD_PRELOAD: `${findLibrary()} libc.so.6`, FAKETIME: offset, FAKETIME_DONT_FAKE_MONOTONIC: '1' };
}

function findLibrary(): string {
  const folders = ['/usr/lib', ...readdirSync('/usr/lib').map((name) => join('/usr/lib', name))];
  const found = folders.map((folder) => join(folder, LIBRARY)).find((file) => existsSync(file));
  if (found === undefined) throw new Error('libfaketime is missing: npm run test:faults installs it');
  return found;
}
