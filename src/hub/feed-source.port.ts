import type { Channel, Offset, UserId } from '../shared';
import type { Page } from './entry';

/** Where feeds read what they have not been pushed. */
export abstract class FeedSource {
  /** The next page of entries after `after`, oldest first, bounded in number and bytes, read in one step with `last`. */
  abstract readAfter(user: UserId, channel: Channel, after: Offset): Promise<Page>;
}
