import { Injectable } from '@nestjs/common';
import {
  Changes,
  DAMAGED,
  EmbeddedDatabase,
  type Expiring,
  keys,
  revokedUpto,
  type View,
} from '../../embedded';
import { setBackSince, type UserId } from '../../shared';
import { AccountStore, type Rotation } from '../account-store.port';

interface AccountRecord {
  passwordHash: string;
}

interface LoginRecord extends Expiring {
  /** The newest of its refresh tokens. */
  generation: number;
  rotatedAt: number;
}

/** Accounts and logins are what nobody could make again: every write waits for the disk. */
const DURABLE = { durable: true };

@Injectable()
export class EmbeddedAccountStore extends AccountStore {
  constructor(private readonly database: EmbeddedDatabase) {
    super();
  }

  override create(user: UserId, passwordHash: string): Promise<boolean> {
    return this.database.exclusively(user, async (view) => {
      const key = keys.account(user);
      // A damaged account is somebody's: nobody else gets the name.
      if ((await view.find(key)) !== undefined) return false;
      const account: AccountRecord = { passwordHash };
      await this.database.commit(new Changes().put(key, account), DURABLE);
      return true;
    });
  }

  override async findPasswordHash(user: UserId): Promise<string | undefined> {
    const account = await this.database.look((view) => view.find<AccountRecord>(keys.account(user)));
    if (account === DAMAGED)
      throw new Error('the record of an account is damaged: no password can be compared');
    return account?.passwordHash;
  }

  override openLogin(user: UserId, loginId: string, ttlMs: number): Promise<number> {
    return this.database.exclusively(user, async () => {
      const nowMs = this.database.now();
      await this.writeLogin(user, loginId, { generation: 1, rotatedAt: nowMs, until: nowMs + ttlMs });
      return nowMs;
    });
  }

  override rotateLogin(
    user: UserId,
    loginId: string,
    generation: number,
    graceMs: number,
    ttlMs: number,
  ): Promise<Rotation> {
    return this.database.exclusively(user, async (view) => {
      const nowMs = this.database.now();
      const login = await view.readLiving<LoginRecord>(keys.login(user, loginId), nowMs);
      if (login === undefined) return { outcome: 'unknown' };
      const changes = new Changes();
      const upto = await revokedUpto(view, changes, user, nowMs);
      const isAhead = setBackSince(login.rotatedAt, nowMs) > 0;
      // Of what was written by a clock set back since nobody can tell what came first: the safe side is that it has ended.
      if (upto !== undefined && (isAhead || login.rotatedAt <= upto))
        return this.endLogin(view, user, loginId, nowMs + ttlMs, changes);
      const rotatedAt = Math.min(login.rotatedAt, nowMs);
      if (isAhead) await this.writeLogin(user, loginId, { ...login, rotatedAt });
      if (generation === login.generation) {
        const next = { generation: generation + 1, rotatedAt: nowMs, until: nowMs + ttlMs };
        await this.writeLogin(user, loginId, next);
        return { outcome: 'rotated', at: nowMs };
      }
      if (generation === login.generation - 1 && nowMs - rotatedAt <= graceMs) {
        return { outcome: 'rotated', at: rotatedAt };
      }
      return this.endLogin(view, user, loginId, nowMs + ttlMs);
    });
  }

  private async endLogin(
    view: View,
    user: UserId,
    loginId: string,
    untilMs: number,
    changes = new Changes(),
  ): Promise<Rotation> {
    const key = keys.revokedLogin(user, loginId);
    const before = await view.read<Expiring>(key);
    changes.putExpiring(key, { until: Math.max(untilMs, before?.until ?? 0) }, before?.until);
    await this.database.commit(changes.delete(keys.login(user, loginId)), DURABLE);
    return { outcome: 'revoked' };
  }

  private async writeLogin(user: UserId, loginId: string, login: LoginRecord): Promise<void> {
    await this.database.commit(new Changes().putExpiring(keys.login(user, loginId), login), DURABLE);
  }
}
