import {
  type CanActivate,
  createParamDecorator,
  type ExecutionContext,
  Injectable,
  UseGuards,
  applyDecorators,
} from '@nestjs/common';
import { ApiBearerAuth } from '@nestjs/swagger';
import type { Request } from 'express';
import { BeelineError, Fails } from '../shared';
import type { Identity } from './identity';
import { Revocations } from './revocations';
import { TokenVerifier } from './token-verifier';

const identities = new WeakMap<Request, Identity>();
const BEARER = /^Bearer +(\S+)$/i;

/** REST: a request has a valid bearer token that has not been revoked, or is answered `unauthorized`. */
@Injectable()
export class AuthGuard implements CanActivate {
  constructor(
    private readonly verifier: TokenVerifier,
    private readonly revocations: Revocations,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<Request>();
    const token = BEARER.exec(request.headers.authorization ?? '')?.[1];
    const identity = await this.verifier.verify(token);
    if (await this.revocations.isRevoked(identity))
      throw new BeelineError('unauthorized', 'the token has been revoked');
    identities.set(request, identity);
    return true;
  }
}

/** Puts the guard before a controller or a route. */
export function Authenticated(): ClassDecorator & MethodDecorator {
  return applyDecorators(
    UseGuards(AuthGuard),
    ApiBearerAuth(),
    Fails('bad_request', 'unauthorized', 'unavailable'),
  );
}

/** The identity that the guard found, as a parameter of a route. */
export const CurrentIdentity = createParamDecorator((_data: unknown, context: ExecutionContext): Identity => {
  return identityOf(context);
});

/** What the guard found for this request. */
export function identityOf(context: ExecutionContext): Identity {
  const identity = findIdentity(context.switchToHttp().getRequest<Request>());
  if (identity === undefined) throw new BeelineError('unauthorized', 'a token is missing');
  return identity;
}

/** Undefined where the route needs no token, or the guard has refused it. */
export function findIdentity(request: Request): Identity | undefined {
  return identities.get(request);
}
