import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { CommandRedis, Keys, Script } from '../../redis';
import type { UserId } from '../../shared';
import { BlockStore, MAX_BLOCKED } from '../block-store.port';

const SET_BLOCK = new Script(join(__dirname, '../lua/set-block-1.lua'));

@Injectable()
export class RedisBlockStore extends BlockStore {
  constructor(
    private readonly redis: CommandRedis,
    private readonly keys: Keys,
  ) {
    super();
  }

  override async set(user: UserId, other: UserId, isBlocked: boolean): Promise<boolean> {
    const key = this.keys.blocks(user);
    if (isBlocked) return (await this.redis.run(SET_BLOCK, [key], [other, MAX_BLOCKED])) === 1;
    await this.redis.call((client) => client.srem(key, other));
    return true;
  }

  override async list(user: UserId): Promise<UserId[]> {
    return (await this.redis.call((client) => client.smembers(this.keys.blocks(user)))) as UserId[];
  }

  /** The user's own list in one question; each of the others' in one more, in its own slot. They go out together. */
  override async areApart(user: UserId, others: readonly UserId[]): Promise<boolean[]> {
    const [own, theirs] = await Promise.all([
      this.redis.call((client) => client.smismember(this.keys.blocks(user), [...others])),
      Promise.all(
        others.map((other) => this.redis.call((client) => client.sismember(this.keys.blocks(other), user))),
      ),
    ]);
    return others.map((_other, i) => own[i] === 1 || theirs[i] === 1);
  }
}
