import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { Config } from '../../config';
import { CommandRedis, Keys, Script } from '../../redis';
import type { NodeId, UserId } from '../../shared';
import { type PresenceLook, PresenceStore } from '../presence-store.port';

const READ_PRESENCE = new Script(join(__dirname, '../lua/read-presence-2.lua'));

@Injectable()
export class RedisPresenceStore extends PresenceStore {
  private readonly stateTtlMs: number;

  constructor(
    private readonly redis: CommandRedis,
    private readonly keys: Keys,
    config: Config,
  ) {
    super();
    this.stateTtlMs = 2 * config.inboxTtlMs;
  }

  /** One script per user: a script may touch one user's keys only. They go out together. */
  override look(users: readonly UserId[], dead: readonly NodeId[]): Promise<PresenceLook[]> {
    return Promise.all(users.map((user) => this.lookAt(user, dead)));
  }

  private async lookAt(user: UserId, dead: readonly NodeId[]): Promise<PresenceLook> {
    const keys = [this.keys.presence(user), this.keys.state(user)];
    const reply = await this.redis.run(READ_PRESENCE, keys, [this.stateTtlMs, ...dead]);
    const [devices, lastSeen, ...nodes] = reply as [number, string, ...NodeId[]];
    return { online: devices > 0, devices, lastSeen: lastSeen === '' ? null : Number(lastSeen), nodes };
  }
}
