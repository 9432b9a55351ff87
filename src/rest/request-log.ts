import { randomBytes } from 'node:crypto';
import type { Request, RequestHandler, Response } from 'express';
import { findIdentity } from '../auth';
import type { Logger } from '../logging';
import { isOpaqueId, monotonicMs } from '../shared';

const HEADER = 'X-Request-Id';

/**
 * Gives every request an id, says it in the answer, and writes one line when it is over. A proxy's own id is kept where
 * it is well-formed, which no token and no sentence is. The line has the route as we know it, never the address: people
 * put what is secret into addresses.
 */
export function requestLog(logger: Logger): RequestHandler {
  return (request, response, next) => {
    const startedAt = monotonicMs();
    const given = request.get(HEADER);
    const requestId =
      given !== undefined && isOpaqueId(given) ? given : randomBytes(12).toString('base64url');
    response.setHeader(HEADER, requestId);
    response.once('close', () => {
      const ms = Math.round(monotonicMs() - startedAt);
      logger.debug({ requestId, ...describe(request), ...outcomeOf(response), ms }, 'request');
    });
    next();
  };
}

/** The id that the request was given. */
export function requestIdOf(response: Response): string | undefined {
  const id = response.getHeader(HEADER);
  return typeof id === 'string' ? id : undefined;
}

/** No route where there is none: static files, and what is not found. */
function describe(request: Request): object {
  const route = (request.route as { path?: unknown } | undefined)?.path;
  return { method: request.method, route, userId: findIdentity(request)?.userId };
}

function outcomeOf({ statusCode, writableFinished }: Response): object {
  return writableFinished ? { status: statusCode } : { aborted: true };
}
