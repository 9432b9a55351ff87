import type { Writable } from 'node:stream';
import { atEndOfTurn } from '../shared';

/**
 * Gathers what is written to a stream in one turn of the event loop into one system call. A turn handles everything that
 * has arrived by then, so that under load many commands go to Redis together, and Redis reads and answers them together;
 * a single one goes out at the end of its turn all the same.
 */
export function coalesceWrites(stream: Writable): void {
  const write = stream.write.bind(stream) as (...args: unknown[]) => boolean;
  let isGathering = false;
  const flush = (): void => {
    isGathering = false;
    stream.uncork();
  };
  stream.write = (...args: unknown[]): boolean => {
    if (!isGathering) {
      isGathering = true;
      stream.cork();
      // Behind everything that was put off before the end of this turn, for that may write, too.
      atEndOfTurn(() => atEndOfTurn(flush));
    }
    return write(...args);
  };
}
