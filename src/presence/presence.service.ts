import { Injectable } from '@nestjs/common';
import { Blocks } from '../blocks';
import { LookRate } from '../limits';
import { NodeService } from '../node';
import type { UserId } from '../shared';
import { PresenceStore, type PresenceState } from './presence-store.port';

export type PresenceByUser = Record<string, PresenceState>;

/** What is shown of a user who has never been here, and of one who is hidden. */
export const UNSEEN: PresenceState = { online: false, devices: 0, lastSeen: null };

@Injectable()
export class PresenceService {
  constructor(
    private readonly store: PresenceStore,
    private readonly node: NodeService,
    private readonly blocks: Blocks,
    private readonly rate: LookRate,
  ) {}

  /** The state of each user asked for, as far as the viewer may see it. `rate_limited` where the viewer asks for too much. */
  async look(viewer: UserId, users: readonly UserId[]): Promise<PresenceByUser> {
    const unique = [...new Set(users)];
    this.rate.spend(viewer, unique.length);
    const [looks, maySee] = await Promise.all([
      this.node.askOfLiving(
        (dead) => this.store.look(unique, dead),
        (answers) => answers.flatMap(({ nodes }) => nodes),
      ),
      this.blocks.maySeeEach(viewer, unique),
    ]);
    const states = looks.map(({ nodes: _where, ...state }, i) => [unique[i], maySee[i] ? state : UNSEEN]);
    return Object.fromEntries(states) as PresenceByUser;
  }
}
