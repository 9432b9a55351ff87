import type { IncomingMessage, Server } from 'node:http';
import { type Logger, OnceAMinute } from '../logging';

/**
 * Tells, once a minute, that a proxy says who its clients are and nobody listens: then all of them are one address, and
 * each limit by address is one for all. For requests and upgrades alike, which is why it is no handler of Express.
 */
export function tellOfUnheededProxies(server: Server, logger: Logger): void {
  const lines = new OnceAMinute();
  const look = ({ headers }: IncomingMessage): void => {
    if (headers['x-forwarded-for'] === undefined) return;
    const count = lines.due('x-forwarded-for');
    if (count === undefined) return;
    logger.warn({ count }, 'X-Forwarded-For counts for nothing: TRUSTED_PROXIES is 0');
  };
  server.on('request', look);
  server.on('upgrade', look);
}
