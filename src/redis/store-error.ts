import { unavailable } from '../shared';

/**
 * Replies that speak of the command and not of the server: a wrong argument, a fault in a script, a key of another type,
 * keys of several slots. Everything else is the server's state, and passes: a replica (READONLY), no memory (OOM), a slot
 * on its way (MOVED, ASK, TRYAGAIN), LOADING, MASTERDOWN, NOPERM, NOAUTH, and what servers of tomorrow will say.
 */
const OUR_FAULT = /^(ERR(?! max number of clients)|WRONGTYPE|CROSSSLOT|EXECABORT|INVALIDOBJ)\b/;

/**
 * `unavailable` for every failure that is not the command's own fault: a broken or missing connection, no answer in
 * time, a server that can't serve. What is our fault comes through as it is.
 */
export function toStoreError(error: unknown): Error {
  const isOurFault = error instanceof Error && error.name === 'ReplyError' && OUR_FAULT.test(error.message);
  return isOurFault ? error : unavailable(error);
}
