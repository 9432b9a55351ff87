import type { RequestHandler } from 'express';
import { BeelineError } from '../shared';

/** Whatever its letters are: a route that Express would not find is refused as well. */
const FOR_OPERATORS = /^\/(metrics|admin|docs)/i;
const ON_BOTH_PORTS = /^\/(healthz|readyz)$/;

/** Where operators have a port of their own: their routes are there and nowhere else, and nothing else is there. */
export function operatorsOnly(adminPort: number): RequestHandler {
  return ({ path, socket }, _response, next) => {
    const isTheirPort = socket.localPort === adminPort;
    const isTheirs = FOR_OPERATORS.test(path);
    if (isTheirPort === isTheirs || ON_BOTH_PORTS.test(path)) next();
    else next(new BeelineError('not_found', 'there is no such route'));
  };
}
