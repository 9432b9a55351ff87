import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import type { Response } from 'express';
import { Logger, OnceAMinute } from '../logging';
import { BeelineError, ERROR_CODES, type ErrorCode, toClientError } from '../shared';
import { requestIdOf } from './request-log';

/** Every error of REST as `application/problem+json` (RFC 9457) with the contract's code. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  private readonly outages = new OnceAMinute();

  constructor(private readonly logger: Logger) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<Response>();
    if (response.headersSent) return;
    const error = translate(thrown);
    const requestId = requestIdOf(response);
    if (error.code === 'internal') this.logger.error({ err: thrown, requestId }, 'request failed');
    else if (error.code === 'unavailable') {
      const count = this.outages.due('unavailable');
      if (count !== undefined) this.logger.warn({ err: error.cause, requestId, count }, 'store unavailable');
    }
    if (error.retryAfterMs !== undefined)
      response.setHeader('Retry-After', Math.ceil(error.retryAfterMs / 1000));
    if (error.status === 401) response.setHeader('WWW-Authenticate', 'Bearer');
    const { message: detail, ...body } = error.toBody();
    response
      .status(error.status)
      .type('application/problem+json')
      .send(
        JSON.stringify({ type: 'about:blank', title: error.code, status: error.status, detail, ...body }),
      );
  }
}

/** Ours as they are; Nest's and Express's by their HTTP status; anything else is our fault. */
function translate(thrown: unknown): BeelineError {
  if (thrown instanceof BeelineError) return thrown;
  const status = statusOf(thrown);
  const code = CODE_BY_STATUS.get(status);
  if (code !== undefined) return new BeelineError(code, MESSAGES[code] ?? 'the request is not valid');
  return status >= 400 && status < 500
    ? new BeelineError('bad_request', 'the request is not valid')
    : toClientError(thrown);
}

const CODE_BY_STATUS = new Map<number, ErrorCode>(
  (['bad_request', 'unauthorized', 'forbidden', 'not_found', 'too_large'] as const).map((code) => [
    ERROR_CODES[code].status,
    code,
  ]),
);

const MESSAGES: Partial<Record<ErrorCode, string>> = {
  bad_request: 'the request can not be read: broken JSON or a broken address',
  not_found: 'there is no such route',
  too_large: 'the request is too large',
};

/** The body parser's errors carry `status`; `SyntaxError` and `URIError` come as they are. */
function statusOf(thrown: unknown): number {
  if (thrown instanceof HttpException) return thrown.getStatus();
  if (thrown instanceof SyntaxError || thrown instanceof URIError) return 400;
  const status: unknown = (thrown as { status?: unknown } | null)?.status;
  return typeof status === 'number' ? status : 500;
}
