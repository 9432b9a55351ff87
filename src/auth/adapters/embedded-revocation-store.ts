import { Injectable } from '@nestjs/common';
import {
  Changes,
  EmbeddedDatabase,
  type Expiring,
  isTokenRevoked,
  keys,
  type RevokedUserRecord,
  type View,
} from '../../embedded';
import type { UserId } from '../../shared';
import { RevocationStore } from '../revocation-store.port';

/** A logout that a power cut undoes would be none. */
const DURABLE = { durable: true };

@Injectable()
export class EmbeddedRevocationStore extends RevocationStore {
  constructor(private readonly database: EmbeddedDatabase) {
    super();
  }

  override revokeLogin(user: UserId, loginId: string, ttlMs: number): Promise<void> {
    return this.database.exclusively(user, async (view) => {
      const key = keys.revokedLogin(user, loginId);
      const before = await view.read<Expiring>(key);
      const until = Math.max(this.database.now() + ttlMs, before?.until ?? 0);
      const changes = new Changes().putExpiring(key, { until }, before?.until);
      await this.database.commit(changes.delete(keys.login(user, loginId)), DURABLE);
    });
  }

  override revokeUser(user: UserId): Promise<void> {
    return this.database.exclusively(user, async () => {
      const revocation: RevokedUserRecord = { at: this.database.now() };
      await this.database.commit(new Changes().put(keys.revokedUser(user), revocation), DURABLE);
    });
  }

  override isRevoked(user: UserId, loginId: string | undefined, issuedAt: number): Promise<boolean> {
    const check = async (view: View, changes: Changes): Promise<boolean> =>
      isTokenRevoked(view, changes, user, loginId, issuedAt, this.database.now());
    return this.database.look(async (view) => {
      const changes = new Changes();
      const isRevoked = await check(view, changes);
      if (changes.list.length === 0) return isRevoked;
      return this.database.exclusively(user, async (latest) => {
        const moved = new Changes();
        const isStillRevoked = await check(latest, moved);
        await this.database.commit(moved, DURABLE);
        return isStillRevoked;
      });
    });
  }
}
