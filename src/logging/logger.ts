import { type Logger as PinoLogger, pino } from 'pino';
import type { Config } from '../config';

/**
 * The log of a node, and its injection token: JSON lines on stdout, one per event worth having. A line has
 * the ids that one would grep for (`userId`, `connectionId`, `nodeId`, `messageId`), never a body or a token.
 */
export abstract class Logger {
  abstract error(fields: object, message: string): void;
  abstract warn(fields: object, message: string): void;
  abstract info(fields: object, message: string): void;
  abstract debug(fields: object, message: string): void;
}

export function createLogger(config: Pick<Config, 'logLevel' | 'nodeName'>): PinoLogger {
  return pino({
    level: config.logLevel,
    base: { node: config.nodeName },
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: describeError },
  });
}

/** Of an error only what is ours to tell: a Redis error carries its whole command, bodies and tokens included. */
function describeError(error: unknown): object {
  if (!(error instanceof Error)) return { message: String(error) };
  const { name, message, stack, cause } = error;
  return { name, message, stack, ...(cause === undefined ? {} : { cause: describeError(cause) }) };
}
