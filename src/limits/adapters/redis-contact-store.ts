import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { CommandRedis, Keys, Script } from '../../redis';
import type { UserId } from '../../shared';
import { CONTACT_TTL_MS, ContactStore, HOUR_MS, MAX_CONTACTS } from '../contact-store.port';
import type { Spent } from '../rate-store.port';

const ADMIT_CONTACT = new Script(join(__dirname, '../lua/admit-contact-2.lua'));

@Injectable()
export class RedisContactStore extends ContactStore {
  constructor(
    private readonly redis: CommandRedis,
    private readonly keys: Keys,
  ) {
    super();
  }

  override async admit(sender: UserId, receiver: UserId, perHour: number): Promise<Spent> {
    const keys = [this.keys.contacts(sender), this.keys.rate(sender, 'new-receivers')];
    const args = [receiver, HOUR_MS / perHour, perHour, MAX_CONTACTS, CONTACT_TTL_MS];
    const overMs = (await this.redis.run(ADMIT_CONTACT, keys, args)) as number;
    return { allowed: overMs === 0, retryAfterMs: overMs };
  }
}
