import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { CommandRedis, Keys, Script } from '../../redis';
import type { UserId } from '../../shared';
import { AccountStore, type Rotation } from '../account-store.port';

const OPEN_LOGIN = new Script(join(__dirname, '../lua/open-login-1.lua'));
const ROTATE_LOGIN = new Script(join(__dirname, '../lua/rotate-login-3.lua'));

@Injectable()
export class RedisAccountStore extends AccountStore {
  constructor(
    private readonly redis: CommandRedis,
    private readonly keys: Keys,
  ) {
    super();
  }

  override async create(user: UserId, passwordHash: string): Promise<boolean> {
    return (
      (await this.redis.call((client) =>
        client.hsetnx(this.keys.account(user), 'passwordHash', passwordHash),
      )) === 1
    );
  }

  override async findPasswordHash(user: UserId): Promise<string | undefined> {
    return (
      (await this.redis.call((client) => client.hget(this.keys.account(user), 'passwordHash'))) ?? undefined
    );
  }

  override async openLogin(user: UserId, loginId: string, ttlMs: number): Promise<number> {
    return (await this.redis.run(OPEN_LOGIN, [this.keys.login(user, loginId)], [ttlMs])) as number;
  }

  override async rotateLogin(
    user: UserId,
    loginId: string,
    generation: number,
    graceMs: number,
    ttlMs: number,
  ): Promise<Rotation> {
    const keys = [
      this.keys.login(user, loginId),
      this.keys.revokedUser(user),
      this.keys.revokedLogin(user, loginId),
    ];
    const reply = await this.redis.run(ROTATE_LOGIN, keys, [generation, graceMs, ttlMs]);
    const [code, at] = reply as [number, number];
    if (code === 1) return { outcome: 'rotated', at };
    return { outcome: code === 0 ? 'unknown' : 'revoked' };
  }
}
