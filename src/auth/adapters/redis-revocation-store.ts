import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { CommandRedis, Keys, Script } from '../../redis';
import type { UserId } from '../../shared';
import { RevocationStore } from '../revocation-store.port';

const CHECK_REVOCATION = new Script(join(__dirname, '../lua/check-revocation-2.lua'));
const REVOKE_LOGIN = new Script(join(__dirname, '../lua/revoke-login-2.lua'));
const REVOKE_USER = new Script(join(__dirname, '../lua/revoke-user-1.lua'));

@Injectable()
export class RedisRevocationStore extends RevocationStore {
  constructor(
    private readonly redis: CommandRedis,
    private readonly keys: Keys,
  ) {
    super();
  }

  override async revokeLogin(user: UserId, loginId: string, ttlMs: number): Promise<void> {
    const keys = [this.keys.revokedLogin(user, loginId), this.keys.login(user, loginId)];
    await this.redis.run(REVOKE_LOGIN, keys, [ttlMs]);
  }

  override async revokeUser(user: UserId): Promise<void> {
    await this.redis.run(REVOKE_USER, [this.keys.revokedUser(user)], []);
  }

  override async isRevoked(user: UserId, loginId: string | undefined, issuedAt: number): Promise<boolean> {
    // The empty login is nobody's and never revoked.
    const keys = [this.keys.revokedUser(user), this.keys.revokedLogin(user, loginId ?? '')];
    return (await this.redis.run(CHECK_REVOCATION, keys, [issuedAt])) === 1;
  }
}
