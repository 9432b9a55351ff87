import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { codeOf, StartError } from '../shared';
import { secret } from './readers';

const SECRET_BYTES = 32;

/**
 * The secret that is kept in the data directory, for a store that needs no other set-up: made at the first start
 * and read at every later one, so that tokens outlive a restart. Readable by its owner only.
 */
export function keptSecret(dataDir: string): string {
  const file = resolve(dataDir, 'secret');
  try {
    return secret((readIfThere(file) ?? make(dataDir, file)).trim());
  } catch (cause) {
    throw new StartError(`The secret in ${file} can not be used: ${(cause as Error).message}`, { cause });
  }
}

/** Written whole before it gets its name: a crash leaves no half of it, and of two at once the first one counts. */
function make(dataDir: string, file: string): string {
  const draft = join(dataDir, `secret.${process.pid}`);
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  writeFileSync(draft, `${randomBytes(SECRET_BYTES).toString('base64url')}\n`, { mode: 0o600, flush: true });
  try {
    linkSync(draft, file);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
  return readFileSync(file, 'utf8');
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
