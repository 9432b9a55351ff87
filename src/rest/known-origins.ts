import type { RequestHandler } from 'express';
import { type Logger, OriginLog } from '../logging';
import { BeelineError, isOriginAllowed, ORIGIN_REFUSED } from '../shared';

/** Refuses pages by the same rule as the upgrade does, so that what one lets in the other does too. */
export function knownOrigins(allowed: readonly string[], logger: Logger): RequestHandler {
  const log = new OriginLog(logger);
  return ({ headers }, _response, next) => {
    if (isOriginAllowed(headers, allowed)) return next();
    log.refused(headers.origin);
    next(new BeelineError('forbidden', ORIGIN_REFUSED));
  };
}
