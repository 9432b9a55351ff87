import type { MessageJson, Offset } from '../shared';

/** A message at its place in an inbox, linked to the one before it. */
export interface Entry {
  offset: Offset;
  /** The offset of the message before it in this inbox; `0-0` for the first of all. */
  prev: Offset;
  json: MessageJson;
}

/** Word that an inbox has grown up to an offset. The message comes along where whoever sends it has it. */
export interface Offered {
  offset: Offset;
  prev: Offset;
  json: MessageJson | undefined;
}

/** What an inbox holds after a position. */
export interface Page {
  entries: Entry[];
  /** The offset of the last message ever appended; `0-0` where there was none. */
  last: Offset;
  /** Whether there are entries after these. */
  more: boolean;
}
