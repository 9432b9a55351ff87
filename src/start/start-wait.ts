import { setTimeout as delay } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Config } from '../config';
import { Logger } from '../logging';
import { inPlainWords, monotonicMs, StartError } from '../shared';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 1000;
const LINE_EVERY_MS = 5000;

/**
 * Waits for the store while this process starts: all steps together no longer than START_TIMEOUT_MS. What came of the
 * latest try is said every five seconds, and in the one line with which a start that has waited in vain ends.
 */
@Injectable()
export class StartWait {
  private readonly startedAt = monotonicMs();
  private saidAt = -Infinity;

  constructor(
    private readonly config: Config,
    private readonly logger: Logger,
  ) {}

  /** Tries until it succeeds. A StartError is final: nothing that waiting could mend. */
  async until<T>(step: string, attempt: () => Promise<T>): Promise<T> {
    let problem = 'no answer';
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      try {
        return await this.untilTimeIsUp(attempt(), step, () => problem);
      } catch (error) {
        if (error instanceof StartError) throw error;
        problem = inPlainWords(error);
        this.say(step, problem);
      }
      await this.untilTimeIsUp(delay(pauseMs), step, () => problem);
    }
  }

  /** An attempt may take longer than there is time: a server may be silent. */
  private async untilTimeIsUp<T>(work: Promise<T>, step: string, problem: () => string): Promise<T> {
    const { startTimeoutMs } = this.config;
    const leftMs = this.startedAt + startTimeoutMs - monotonicMs();
    const timeIsUp = new AbortController();
    try {
      return await Promise.race([
        work,
        delay(Math.max(0, leftMs), undefined, { signal: timeIsUp.signal }).then((): never => {
          throw new StartError(
            `The store could not be used within ${startTimeoutMs} ms (START_TIMEOUT_MS): ${step}: ${problem()}`,
          );
        }),
      ]);
    } finally {
      timeIsUp.abort();
    }
  }

  private say(step: string, problem: string): void {
    const nowMs = monotonicMs();
    if (nowMs - this.saidAt < LINE_EVERY_MS) return;
    this.saidAt = nowMs;
    const waitedMs = Math.round(nowMs - this.startedAt);
    this.logger.warn({ step, problem, waitedMs }, 'waiting for the store');
  }
}
