import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { CommandRedis, Keys, Script } from '../../redis';
import type { UserId } from '../../shared';
import { type Account, AccountStore, MAX_PLACES, type Rotation } from '../account-store.port';

const OPEN_LOGIN = new Script(join(__dirname, '../lua/open-login-2.lua'));
const CHANGE_ACCOUNT = new Script(join(__dirname, '../lua/change-account-2.lua'));
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

  override async find(user: UserId, place: string): Promise<Account | undefined> {
    const [passwordHash, known] = await this.redis.call((client) =>
      client.hmget(this.keys.account(user), 'passwordHash', `place:${place}`),
    );
    return passwordHash ? { passwordHash, isKnownPlace: Boolean(known) } : undefined;
  }

  override changePassword(user: UserId, from: string, to: string, spared: string): Promise<boolean> {
    return this.change(user, ['passwordHash', to, from, 1, spared]);
  }

  override setDisabled(user: UserId, isDisabled: boolean): Promise<boolean> {
    const value = isDisabled ? 1 : 0;
    return this.change(user, ['disabled', value, '', value, '']);
  }

  override async claimLook(look: string, user: UserId): Promise<boolean> {
    const key = this.keys.look(look);
    const holder = await this.redis.call((client) => client.set(key, user, 'NX', 'GET'));
    return holder === null || holder === user;
  }

  override async openLogin(
    user: UserId,
    loginId: string,
    ttlMs: number,
    { place, passwordHash }: { place: string; passwordHash: string },
  ): Promise<number | 'disabled' | 'changed'> {
    const keys = [this.keys.login(user, loginId), this.keys.account(user)];
    const args = [ttlMs, place, MAX_PLACES, passwordHash];
    const openedAt = (await this.redis.run(OPEN_LOGIN, keys, args)) as number;
    if (openedAt > 0) return openedAt;
    return openedAt === 0 ? 'disabled' : 'changed';
  }

  private async change(user: UserId, args: (string | number)[]): Promise<boolean> {
    const keys = [this.keys.account(user), this.keys.revokedUser(user)];
    return (await this.redis.run(CHANGE_ACCOUNT, keys, args)) === 1;
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
