import { type Offset, pairsOf, type UserId } from '../shared';

/** A sender who asked for receipts, and that sender's latest message among those that they are due for. */
export interface ReceiptDue {
  sender: UserId;
  offset: Offset;
}

/** How far a message has come; null where no message of the asker's is (any more). */
export type ReceiptState = 'sent' | 'delivered' | 'read' | null;

/** From sender, offset, sender, offset … */
export function toReceiptsDue(flat: readonly string[]): ReceiptDue[] {
  return pairsOf<UserId, Offset>(flat).map(([sender, offset]) => ({ sender, offset }));
}
