import { badRequest } from '../shared';
import type { PageDto } from './dto/inbox.dto';
import type { Range } from './inbox-store.port';

/** What a page request asks for; `after` and `before` together are `bad_request`. */
export function rangeOf({ after, before }: PageDto): Range {
  if (after !== undefined && before !== undefined) {
    throw badRequest([{ field: 'before', problem: 'must not be given together with after' }]);
  }
  if (before !== undefined) return { before };
  return after === undefined ? 'unread' : { after };
}
