import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { CommandRedis, Keys, Script } from '../../redis';
import type { UserId } from '../../shared';
import { RevocationStore } from '../revocation-store.port';

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
    const keys = [this.keys.revokedUser(user)];
    if (loginId !== undefined) keys.push(this.keys.revokedLogin(user, loginId));
    const [revokedAt, revokedLogin] = await this.redis.call((client) => client.mget(keys));
    return (
      (typeof revokedAt === 'string' && issuedAt <= Number(revokedAt)) || typeof revokedLogin === 'string'
    );
  }
}
