import { unavailable } from '../shared';

/** Refusals of a server that is there but can't serve: a replica, out of memory, loading, cut off from its disk. */
const CANNOT_SERVE =
  /^(READONLY|OOM|LOADING|MISCONF|MASTERDOWN|NOREPLICAS|CLUSTERDOWN|TRYAGAIN|BUSY|UNBLOCKED)\b/;
/**
 * `unavailable` for every failure that is not the command's own fault: a broken or missing connection, no answer in
 * time, a server that can't serve. What is our fault comes through as it is.
 */
export function toStoreError(error: unknown): Error {
  const isOurFault =
    error instanceof Error && error.name === 'ReplyError' && !CANNOT_SERVE.test(error.message);
  return isOurFault ? error : unavailable(error);
}
