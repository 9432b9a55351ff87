import { Injectable } from '@nestjs/common';
import { Config, stateTtlMsOf, SWEEPS_AHEAD } from '../../config';
import {
  Changes,
  EmbeddedDatabase,
  keys,
  Presence,
  type SeenRecord,
  type View,
  watchedUntil,
  type WatchersRecord,
} from '../../embedded';
import type { NodeId, UserId } from '../../shared';
import { type PresenceLook, PresenceStore, type Watch } from '../presence-store.port';

@Injectable()
export class EmbeddedPresenceStore extends PresenceStore {
  private readonly stateTtlMs: number;
  private readonly watchMs: number;

  constructor(
    private readonly database: EmbeddedDatabase,
    config: Config,
  ) {
    super();
    this.stateTtlMs = stateTtlMsOf(config);
    this.watchMs = Math.ceil(SWEEPS_AHEAD * config.sweepIntervalMs);
  }

  override look(users: readonly UserId[], dead: readonly NodeId[]): Promise<PresenceLook[]> {
    return Promise.all(users.map((user) => this.lookAt(user, dead)));
  }

  override watch(user: UserId, node: NodeId, dead: readonly NodeId[]): Promise<Watch> {
    return this.database.exclusively(user, async (view) => {
      const nowMs = this.database.now();
      const known = await view.readLiving<WatchersRecord>(keys.watchers(user), nowMs);
      // Later than the one before it, so that an unwatch that is late can tell that it is.
      const until = nowMs + this.watchMs;
      const later = Math.max(until, watchedUntil(known?.nodes[node] ?? 0, nowMs, this.watchMs) + 1);
      const record: WatchersRecord = { until: later, nodes: { ...known?.nodes, [node]: later } };
      const changes = new Changes().putExpiring(keys.watchers(user), record, known?.until);
      const look = await this.readLook(view, user, nowMs, dead, changes);
      await this.database.commit(changes, { durable: false });
      return { until: later, ...look };
    });
  }

  override async unwatch(user: UserId, node: NodeId, until: number): Promise<void> {
    await this.database.exclusively(user, async (view) => {
      const known = await view.readLiving<WatchersRecord>(keys.watchers(user), this.database.now());
      if (known?.nodes[node] !== until) return;
      const { [node]: _gone, ...nodes } = known.nodes;
      const changes = new Changes().put(keys.watchers(user), { ...known, nodes });
      await this.database.commit(changes, { durable: false });
    });
  }

  private lookAt(user: UserId, dead: readonly NodeId[]): Promise<PresenceLook> {
    return this.database.exclusively(user, async (view) => {
      const changes = new Changes();
      const look = await this.readLook(view, user, this.database.now(), dead, changes);
      await this.database.commit(changes, { durable: false });
      return look;
    });
  }

  private async readLook(
    view: View,
    user: UserId,
    nowMs: number,
    dead: readonly NodeId[],
    changes: Changes,
  ): Promise<PresenceLook> {
    const presence = await Presence.read(view, user, nowMs, dead);
    if (presence.isStale) await presence.write(view, changes, this.stateTtlMs);
    const entries = [...presence.living.values()];
    if (entries.length === 0) {
      const seen = await view.readLiving<SeenRecord>(keys.seen(user), nowMs);
      return { online: false, devices: 0, lastSeen: presence.lastSeenAmong(seen), nodes: [] };
    }
    const devices = new Set(entries.map(({ id, device }) => device ?? `/${id}`)).size;
    return { online: true, devices, lastSeen: null, nodes: entries.map(({ node }) => node) };
  }
}
