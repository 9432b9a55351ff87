import type { LoggerService } from '@nestjs/common';
import { StartError } from '../shared';
import type { Logger } from './logger';

/** Lets Nest write into our log. Its chatter about modules and routes is for debugging. */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, context?: unknown): void {
    this.logger.debug({ context }, String(message));
  }

  /** What keeps a node from starting is told by whoever starts it, in one line: here it would be a second one. */
  error(message: unknown, ...rest: unknown[]): void {
    if (message instanceof StartError || String(message).startsWith('Error: listen ')) return;
    if (message instanceof Error) this.logger.error({ err: message }, message.message);
    else this.logger.error({ context: rest.at(-1) }, String(message));
  }

  warn(message: unknown, context?: unknown): void {
    this.logger.warn({ context }, String(message));
  }
}
