import { Injectable } from '@nestjs/common';
import { NodeService } from '../node';
import type { UserId } from '../shared';
import { PresenceStore, type PresenceState } from './presence-store.port';

export type PresenceByUser = Record<string, PresenceState>;

@Injectable()
export class PresenceService {
  constructor(
    private readonly store: PresenceStore,
    private readonly node: NodeService,
  ) {}

  /** The state of each user asked for. */
  async look(users: readonly UserId[]): Promise<PresenceByUser> {
    const unique = [...new Set(users)];
    const looks = await this.store.look(unique, this.node.deadNodes());
    return Object.fromEntries(
      looks.map(({ nodes, ...state }, i) => {
        this.node.meet(nodes);
        return [unique[i] as UserId, state];
      }),
    );
  }
}
