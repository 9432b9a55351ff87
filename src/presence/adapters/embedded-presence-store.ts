import { Injectable } from '@nestjs/common';
import { Config } from '../../config';
import { Changes, EmbeddedDatabase, keys, Presence, type SeenRecord } from '../../embedded';
import type { NodeId, UserId } from '../../shared';
import { type PresenceLook, PresenceStore } from '../presence-store.port';

@Injectable()
export class EmbeddedPresenceStore extends PresenceStore {
  private readonly stateTtlMs: number;

  constructor(
    private readonly database: EmbeddedDatabase,
    config: Config,
  ) {
    super();
    this.stateTtlMs = 2 * config.inboxTtlMs;
  }

  override look(users: readonly UserId[], dead: readonly NodeId[]): Promise<PresenceLook[]> {
    return Promise.all(users.map((user) => this.lookAt(user, dead)));
  }

  private lookAt(user: UserId, dead: readonly NodeId[]): Promise<PresenceLook> {
    return this.database.exclusively(user, async (view) => {
      const nowMs = this.database.now();
      const presence = await Presence.read(view, user, nowMs, dead);
      if (presence.isStale) {
        const changes = new Changes();
        await presence.write(view, changes, this.stateTtlMs);
        await this.database.commit(changes, { durable: false });
      }
      const entries = [...presence.living.values()];
      if (entries.length === 0) {
        const seen = await view.readLiving<SeenRecord>(keys.seen(user), nowMs);
        return { online: false, devices: 0, lastSeen: seen?.at ?? null, nodes: [] };
      }
      const devices = new Set(entries.map(({ id, device }) => device ?? `/${id}`)).size;
      return { online: true, devices, lastSeen: null, nodes: entries.map(({ node }) => node) };
    });
  }
}
