import {
  applyDecorators,
  type CallHandler,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
  SetMetadata,
  UseInterceptors,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { json, type Request, type RequestHandler, type Response } from 'express';
import type { Observable } from 'rxjs';
import { Config } from '../config';
import { badRequest, Fails } from '../shared';
import { addressOf } from './address';
import { BodyBudget } from './body-budget';

const MAX_BYTES = 'json-body:max-bytes';

/** Ids, a name, a password: what most routes are sent. */
const SMALL_BODY_BYTES = 8 * 1024;
/** JSON may write each character as `\uXXXX`. */
const BYTES_PER_CHARACTER = 6;

type Size = (config: Config) => number;

/** Of a route that is sent nothing large. */
export const SMALL_BODY: Size = () => SMALL_BODY_BYTES;
/** Of a route that lists up to 200 users. */
export const BODY_OF_USERS: Size = () => 200 * 128 * BYTES_PER_CHARACTER + SMALL_BODY_BYTES;
/** Of a route that is sent a message. */
export const BODY_OF_MESSAGE: Size = ({ maxBodyBytes }) =>
  maxBodyBytes * BYTES_PER_CHARACTER + SMALL_BODY_BYTES;
/** Of a route that is sent many messages. */
export const BODY_OF_BATCH: Size = () => 2 ** 20;

/**
 * A route that is sent JSON, at most so many bytes. Nothing of a body is read before the guards have let the request in,
 * and of other routes nothing at all.
 */
export function JsonBody(maxBytes: Size): MethodDecorator {
  return applyDecorators(
    SetMetadata(MAX_BYTES, maxBytes),
    UseInterceptors(JsonBodyInterceptor),
    Fails('bad_request', 'too_large', 'rate_limited', 'unavailable'),
  );
}

/** Reads and parses a body, behind the guards and before the pipes. */
@Injectable()
export class JsonBodyInterceptor implements NestInterceptor {
  private readonly parsers = new Map<number, RequestHandler>();

  constructor(
    private readonly reflector: Reflector,
    private readonly config: Config,
    private readonly budget: BodyBudget,
  ) {}

  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const size = this.reflector.get<Size>(MAX_BYTES, context.getHandler());
    const http = context.switchToHttp();
    await this.read(http.getRequest<Request>(), http.getResponse<Response>(), size(this.config));
    return next.handle();
  }

  private async read(request: Request, response: Response, maxBytes: number): Promise<void> {
    const encoding = request.headers['content-encoding'];
    if (encoding !== undefined && encoding !== 'identity') {
      throw badRequest([{ field: 'Content-Encoding', problem: 'must not be set: send the body as it is' }]);
    }
    // False where there is a body of another type: `curl -d` says that it sends a form.
    if (request.is('application/json') === false) {
      throw badRequest([{ field: 'Content-Type', problem: 'must be application/json' }]);
    }
    const announced = Number(request.headers['content-length'] ?? maxBytes);
    const address = addressOf(request, this.config.trustedProxies);
    const release = this.budget.reserve(address, Math.min(announced, maxBytes));
    try {
      await new Promise<void>((resolve, reject) => {
        this.parserOf(maxBytes)(request, response, (error?: unknown) =>
          error === undefined ? resolve() : reject(error as Error),
        );
      });
    } finally {
      release();
    }
  }

  private parserOf(maxBytes: number): RequestHandler {
    const known = this.parsers.get(maxBytes);
    if (known !== undefined) return known;
    const parser = json({ limit: maxBytes, strict: false, inflate: false });
    this.parsers.set(maxBytes, parser);
    return parser;
  }
}
