import { Injectable } from '@nestjs/common';
import { NodeService } from '../node';
import { ContactPolicy } from '../policy';
import type { UserId } from '../shared';
import { PresenceStore, type PresenceState } from './presence-store.port';

export type PresenceByUser = Record<string, PresenceState>;

/** What is shown of a user who has never been here, and of one whom the policy hides. */
export const UNSEEN: PresenceState = { online: false, devices: 0, lastSeen: null };

@Injectable()
export class PresenceService {
  constructor(
    private readonly store: PresenceStore,
    private readonly node: NodeService,
    private readonly policy: ContactPolicy,
  ) {}

  /** The state of each user asked for, as far as the policy lets the viewer see it. */
  async look(viewer: UserId, users: readonly UserId[]): Promise<PresenceByUser> {
    const unique = [...new Set(users)];
    const looks = await this.node.askOfLiving(
      (dead) => this.store.look(unique, dead),
      (answers) => answers.flatMap(({ nodes }) => nodes),
    );
    const states = await Promise.all(
      looks.map(async ({ nodes: _where, ...state }, i) => {
        const user = unique[i] as UserId;
        return [user, (await this.policy.maySee(viewer, user)) ? state : UNSEEN] as const;
      }),
    );
    return Object.fromEntries(states);
  }
}
