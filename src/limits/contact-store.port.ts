import type { UserId } from '../shared';
import type { Spent } from './rate-store.port';

/** Receivers that a user has written to: that many of those written to last are kept. */
export const MAX_CONTACTS = 5000;
/** Who has not been written to for this long is new again. */
export const CONTACT_TTL_MS = 60 * 24 * 3_600_000;
export const HOUR_MS = 3_600_000;

/** Whom each user has written to. What is kept of a user is gone CONTACT_TTL_MS (and an hour) after the last use. */
export abstract class ContactStore {
  /**
   * Atomically for the sender: a receiver among the contacts is free; a new one costs one of `perHour` and is among
   * them from then on. One that is refused costs nothing and is not remembered.
   */
  abstract admit(sender: UserId, receiver: UserId, perHour: number): Promise<Spent>;
}
