import { Injectable } from '@nestjs/common';
import { Changes, EmbeddedDatabase, type Expiring, keys } from '../../embedded';
import type { UserId } from '../../shared';
import { RevocationStore } from '../revocation-store.port';

/** No token of the user issued up to `at` (Unix ms) is good. */
export interface UserRevocation {
  at: number;
}

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
      const before = await view.read<UserRevocation>(key);
      const revocation: UserRevocation = { at: Math.max(this.database.now(), before?.at ?? 0) };
      await this.database.commit(new Changes().put(key, revocation), DURABLE);
    });
  }

  override isRevoked(user: UserId, loginId: string | undefined, issuedAt: number): Promise<boolean> {
    return this.database.look(async (view) => {
      const revocation = await view.read<UserRevocation>(keys.revokedUser(user));
      if (revocation !== undefined && issuedAt <= revocation.at) return true;
      if (loginId === undefined) return false;
      return (await view.readLiving(keys.revokedLogin(user, loginId), this.database.now())) !== undefined;
    });
  }
}
