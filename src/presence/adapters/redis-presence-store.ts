import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { Config, stateTtlMsOf, SWEEPS_AHEAD } from '../../config';
import { CommandRedis, Keys, type Reply, Script } from '../../redis';
import type { NodeId, UserId } from '../../shared';
import { type PresenceLook, PresenceStore, type Watch } from '../presence-store.port';

const LUA = join(__dirname, '../lua');
const READ_PRESENCE = new Script(join(LUA, 'read-presence-2.lua'));
const WATCH_USER = new Script(join(LUA, 'watch-user-3.lua'));
const UNWATCH_USER = new Script(join(LUA, 'unwatch-user-1.lua'));

@Injectable()
export class RedisPresenceStore extends PresenceStore {
  private readonly stateTtlMs: number;
  private readonly watchMs: number;

  constructor(
    private readonly redis: CommandRedis,
    private readonly keys: Keys,
    config: Config,
  ) {
    super();
    this.stateTtlMs = stateTtlMsOf(config);
    this.watchMs = Math.ceil(SWEEPS_AHEAD * config.sweepIntervalMs);
  }

  /** One script per user: a script may touch one user's keys only. They go out together. */
  override look(users: readonly UserId[], dead: readonly NodeId[]): Promise<PresenceLook[]> {
    return Promise.all(users.map((user) => this.lookAt(user, dead)));
  }

  override async watch(user: UserId, node: NodeId, dead: readonly NodeId[]): Promise<Watch> {
    const keys = [this.keys.presence(user), this.keys.state(user), this.keys.watchers(user)];
    const reply = await this.redis.run(WATCH_USER, keys, [node, this.watchMs, this.stateTtlMs, ...dead]);
    const [until, ...look] = reply as [number, ...Reply[]];
    return { until, ...toLook(look) };
  }

  override async unwatch(user: UserId, node: NodeId, until: number): Promise<void> {
    await this.redis.run(UNWATCH_USER, [this.keys.watchers(user)], [node, until]);
  }

  private async lookAt(user: UserId, dead: readonly NodeId[]): Promise<PresenceLook> {
    const keys = [this.keys.presence(user), this.keys.state(user)];
    return toLook((await this.redis.run(READ_PRESENCE, keys, [this.stateTtlMs, ...dead])) as Reply[]);
  }
}

function toLook(reply: Reply[]): PresenceLook {
  const [devices, lastSeen, ...nodes] = reply as [number, string, ...NodeId[]];
  return { online: devices > 0, devices, lastSeen: lastSeen === '' ? null : Number(lastSeen), nodes };
}
