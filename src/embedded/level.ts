import { join, resolve } from 'node:path';
import type { ClassicLevel } from 'classic-level';
import { codeOf, StartError } from '../shared';

export type Level = ClassicLevel<string, string>;

/** Where LevelDB has its files. */
export function storeDirectory(dataDir: string): string {
  return join(dataDir, 'store');
}

/** Opens LevelDB, as it is or repaired: what can not be read is put aside then, and all else is read anew. */
export async function openLevel(dataDir: string, { repair }: { repair: boolean }): Promise<Level> {
  const { ClassicLevel: Implementation } = await loadLevel();
  const directory = storeDirectory(dataDir);
  if (repair) await Implementation.repair(directory);
  const level: Level = new Implementation(directory, { keyEncoding: 'utf8', valueEncoding: 'utf8' });
  await level.open();
  return level;
}

/** Whether LevelDB says that its own files are damaged. It says so again until they have been repaired. */
export function isCorruption(error: unknown): boolean {
  return codeOf(error) === 'LEVEL_CORRUPTION' || codeOf(reasonOf(error)) === 'LEVEL_CORRUPTION';
}

export function cannotOpen(dataDir: string, error: unknown): StartError {
  if (error instanceof StartError) return error;
  const reason = reasonOf(error);
  const directory = resolve(dataDir);
  if (codeOf(reason) === 'LEVEL_LOCKED') {
    return new StartError(
      `DATA_DIR ${directory} is in use by another process: stop that one, or give this one a DATA_DIR of its own.`,
      { cause: error },
    );
  }
  return new StartError(`DATA_DIR ${directory} can not be used: ${inOneLine(reason)}`, { cause: error });
}

/** Loaded here and nowhere else: it is native code, and a node on Redis must start where it has no build. */
async function loadLevel(): Promise<typeof import('classic-level')> {
  try {
    return await import('classic-level');
  } catch (cause) {
    throw new StartError(
      `The embedded store can not be used here, its native module does not load: ${inOneLine(cause)}. Set REDIS_URL to keep everything in Redis.`,
      { cause },
    );
  }
}

function reasonOf(error: unknown): unknown {
  return (error as Error).cause ?? error;
}

function inOneLine(error: unknown): string {
  return error instanceof Error ? error.message.replaceAll('\n', ' ') : String(error);
}
