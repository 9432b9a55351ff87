import { applyDecorators, type CanActivate, type ExecutionContext, UseGuards } from '@nestjs/common';
import { BeelineError } from '../shared';
import { Authenticated, identityOf } from './auth.guard';

/** A controller or route for tokens with one scope only; `forbidden` for others, `unauthorized` without a token. */
export function RequireScope(scope: string): ClassDecorator & MethodDecorator {
  const guard: CanActivate = {
    canActivate: (context: ExecutionContext): boolean => {
      if (identityOf(context).scopes.has(scope)) return true;
      throw new BeelineError('forbidden', `this needs the scope ${scope}`);
    },
  };
  return applyDecorators(Authenticated(), UseGuards(guard));
}
