import {
  type Channel,
  draftAsksForReceipt,
  isAfter,
  laterOf,
  type Offset,
  senderOfDraft,
  type UserId,
} from '../shared';
import type { InboxRecord } from './inbox-record';
import { entriesOf } from './stored-entry';
import type { View } from './view';

/** A receipt is a hint: of a great many messages at once the newest are looked at. */
const NEWEST_LOOKED_AT = 200;

interface Due {
  sender: UserId;
  offset: Offset;
}

/** Who asked for receipts of what lies after `from` up to `upto`, each with their latest message there. */
export async function receiptsBetween(
  view: View,
  user: UserId,
  channel: Channel,
  { asked, oldest }: InboxRecord,
  from: Offset,
  upto: Offset,
): Promise<Due[]> {
  if (oldest === null || !isAfter(asked, from) || !isAfter(upto, from)) return [];
  const due = new Map<UserId, Offset>();
  let lookedAt = 0;
  for await (const { draft, offset } of entriesOf(view, user, channel, { after: from, upto })) {
    const sender = draftAsksForReceipt(draft) ? senderOfDraft(draft) : undefined;
    if (sender !== undefined && !due.has(sender)) due.set(sender, offset);
    lookedAt += 1;
    if (lookedAt === NEWEST_LOOKED_AT) break;
  }
  return [...due].map(([sender, offset]) => ({ sender, offset }));
}

/** Some device has stored everything up to `offset`: the record that says so, and the receipts that are due for it. */
export async function acknowledged(
  view: View,
  user: UserId,
  channel: Channel,
  record: InboxRecord,
  offset: Offset,
): Promise<{ record: InboxRecord; receipts: Due[] }> {
  if (!isAfter(offset, record.acked)) return { record, receipts: [] };
  // What has been read is known to have been delivered.
  const from = laterOf(record.acked, record.read);
  const receipts = await receiptsBetween(view, user, channel, record, from, offset);
  return { record: { ...record, acked: offset }, receipts };
}
