import type { Channel, DraftJson, Offset, UserId } from '../shared';
import { below, keys } from './keys';
import type { View } from './view';

/** A message's place in its inbox. */
export interface Place {
  offset: Offset;
  /** Its number in this inbox. */
  n: number;
  /** Bytes of all drafts before it. */
  bytesBefore: number;
}

/** A message as it is stored: `<offset> <prev> <n> <bytesBefore> <draft>`. */
export interface StoredEntry extends Place {
  /** The offset of the message before it. */
  prev: Offset;
  draft: DraftJson;
}

export function printEntry({ offset, prev, n, bytesBefore, draft }: StoredEntry): string {
  return `${offset} ${prev} ${n} ${bytesBefore} ${draft}`;
}

const SHAPE = /^(\S+) (\S+) (\d+) (\d+) /;

export function parseEntry(text: string): StoredEntry {
  const match = SHAPE.exec(text);
  if (match === null) throw new Error('an entry of the store is damaged');
  const [head, offset, prev, n, bytesBefore] = match;
  return {
    offset: offset as Offset,
    prev: prev as Offset,
    n: Number(n),
    bytesBefore: Number(bytesBefore),
    draft: text.slice(head.length) as DraftJson,
  };
}

/** From which side of which offset, itself left out unless it is `upto`; all where none is given. */
export type Side = { after?: Offset; before?: Offset; upto?: Offset };

/**
 * Entries of an inbox, oldest first; newest first where what lies before an offset or up to one is asked for. Damaged
 * ones are passed over: the `prev` of the next one shows that.
 */
export async function* entriesOf(
  view: View,
  user: UserId,
  channel: Channel,
  { after, before, upto }: Side = {},
  onDamaged?: (key: string) => void,
): AsyncGenerator<StoredEntry> {
  const range = below(`inbox/${user}/${channel}`);
  if (after !== undefined) range.gt = keys.entry(user, channel, after);
  if (before !== undefined) range.lt = keys.entry(user, channel, before);
  if (upto !== undefined) range.lt = `${keys.entry(user, channel, upto)}~`;
  const reverse = before !== undefined || upto !== undefined;
  for await (const [, text] of view.range(range, { reverse, onDamaged })) yield parseEntry(text);
}

/** The first entry after an offset. */
export async function entryAfter(
  view: View,
  user: UserId,
  channel: Channel,
  after: Offset,
): Promise<StoredEntry | undefined> {
  for await (const entry of entriesOf(view, user, channel, { after })) return entry;
  return undefined;
}

/** The last entry up to and including an offset. */
export async function entryUpTo(
  view: View,
  user: UserId,
  channel: Channel,
  offset: Offset,
): Promise<StoredEntry | undefined> {
  for await (const entry of entriesOf(view, user, channel, { upto: offset })) return entry;
  return undefined;
}

export async function newestEntry(
  view: View,
  user: UserId,
  channel: Channel,
): Promise<StoredEntry | undefined> {
  const range = below(`inbox/${user}/${channel}`);
  for await (const [, text] of view.range(range, { reverse: true })) return parseEntry(text);
  return undefined;
}
