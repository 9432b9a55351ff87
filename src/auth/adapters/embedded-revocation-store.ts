import { Injectable } from '@nestjs/common';
import {
  Changes,
  EmbeddedDatabase,
  type Expiring,
  isTokenRevoked,
  keys,
  type RevokedUserRecord,
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
    return this.database.exclusively(user, async (view) => {
      const key = keys.revokedUser(user);
      const before = await view.read<RevokedUserRecord>(key);
      const revocation: RevokedUserRecord = { at: Math.max(this.database.now(), before?.at ?? 0) };
      await this.database.commit(new Changes().put(key, revocation), DURABLE);
    });
  }

  override isRevoked(user: UserId, loginId: string | undefined, issuedAt: number): Promise<boolean> {
    return this.database.look((view) => isTokenRevoked(view, user, loginId, issuedAt, this.database.now()));
  }
}
