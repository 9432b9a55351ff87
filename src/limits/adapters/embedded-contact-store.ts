import { Injectable } from '@nestjs/common';
import { Changes, EmbeddedDatabase, type Expiring, keys, renewed } from '../../embedded';
import { setBackSince, type UserId } from '../../shared';
import { spendFrom } from '../bucket-level';
import { CONTACT_TTL_MS, ContactStore, HOUR_MS, MAX_CONTACTS } from '../contact-store.port';
import type { Spent } from '../rate-store.port';

export interface ContactsRecord extends Expiring {
  /** Receiver → when last written to; Unix ms. */
  contacts: Record<string, number>;
  /** When the bucket of new receivers will be full again, and when that was written; Unix ms. */
  fullAt: number;
  writtenAt?: number;
}

@Injectable()
export class EmbeddedContactStore extends ContactStore {
  constructor(private readonly database: EmbeddedDatabase) {
    super();
  }

  override admit(sender: UserId, receiver: UserId, perHour: number): Promise<Spent> {
    return this.database.exclusively(sender, async (view) => {
      const nowMs = this.database.now();
      const key = keys.contacts(sender);
      const stored = await view.readLiving<ContactsRecord>(key, nowMs);
      const contacts = new Map(Object.entries(stored?.contacts ?? {}));
      const backMs = setBackSince(stored?.writtenAt ?? 0, nowMs);
      let fullAt = (stored?.fullAt ?? 0) - backMs;
      if ((contacts.get(receiver) ?? 0) <= nowMs - CONTACT_TTL_MS) {
        const bucket = { cost: 1, intervalMs: HOUR_MS / perHour, burst: perHour };
        const { fullAtMs, overMs } = spendFrom(fullAt, nowMs, bucket);
        if (overMs > 0) {
          if (stored !== undefined && backMs > 0)
            await this.write(key, { ...stored, fullAt, writtenAt: nowMs }, stored.until);
          return { allowed: false, retryAfterMs: overMs };
        }
        fullAt = fullAtMs;
      }
      contacts.set(receiver, nowMs);
      const record: ContactsRecord = {
        contacts: Object.fromEntries(lastUsed(contacts, nowMs)),
        fullAt,
        writtenAt: nowMs,
        until: renewed(stored?.until ?? 0, CONTACT_TTL_MS, nowMs),
      };
      await this.write(key, record, stored?.until);
      return { allowed: true, retryAfterMs: 0 };
    });
  }

  /** A crash costs at most that a receiver is new once more. */
  private async write(key: string, record: ContactsRecord, notedUntil?: number): Promise<void> {
    await this.database.commit(new Changes().putExpiring(key, record, notedUntil), { durable: false });
  }
}

/** Those that are kept: not too old, and not too many. */
function lastUsed(contacts: ReadonlyMap<string, number>, nowMs: number): [string, number][] {
  const young = [...contacts].filter(([, at]) => at > nowMs - CONTACT_TTL_MS);
  return young.length <= MAX_CONTACTS
    ? young
    : young.toSorted(([, a], [, b]) => b - a).slice(0, MAX_CONTACTS);
}
