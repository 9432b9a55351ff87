import type { RequestHandler } from 'express';

/** Tokens and messages are nobody's to keep on the way: no cache may store an answer (RFC 9111, section 5.2.2.5). */
export const noStore: RequestHandler = (_request, response, next) => {
  response.setHeader('Cache-Control', 'no-store');
  next();
};
