import { Injectable } from '@nestjs/common';
import {
  Changes,
  DAMAGED,
  EmbeddedDatabase,
  type Expiring,
  keys,
  revokedUpto,
  type RevokedUserRecord,
  type View,
} from '../../embedded';
import { setBackSince, type UserId } from '../../shared';
import { type Account, AccountStore, MAX_PLACES, type Rotation } from '../account-store.port';

interface AccountRecord {
  passwordHash: string;
  isDisabled?: boolean;
  /** Place → when a login came from there last; Unix ms. */
  places?: Record<string, number>;
}

interface LookRecord {
  user: UserId;
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

  override async find(user: UserId, place: string): Promise<Account | undefined> {
    const account = await this.database.look((view) => readAccount(view, user));
    if (account === undefined) return undefined;
    return {
      passwordHash: account.passwordHash,
      isKnownPlace: Object.hasOwn(account.places ?? {}, place),
    };
  }

  override changePassword(user: UserId, from: string, to: string, spared: string): Promise<boolean> {
    return this.change(user, { spared }, (account) =>
      account.passwordHash === from ? { ...account, passwordHash: to } : undefined,
    );
  }

  override setDisabled(user: UserId, isDisabled: boolean): Promise<boolean> {
    return this.change(user, isDisabled ? {} : undefined, (account) => ({ ...account, isDisabled }));
  }

  override claimLook(look: string, user: UserId): Promise<boolean> {
    const key = keys.look(look);
    return this.database.exclusively(key, async (view) => {
      const holder = await view.find<LookRecord>(key);
      if (holder !== undefined) return holder !== DAMAGED && holder.user === user;
      const record: LookRecord = { user };
      await this.database.commit(new Changes().put(key, record), DURABLE);
      return true;
    });
  }

  override openLogin(
    user: UserId,
    loginId: string,
    ttlMs: number,
    { place, passwordHash }: { place: string; passwordHash: string },
  ): Promise<number | 'disabled' | 'changed'> {
    return this.database.exclusively(user, async (view) => {
      const account = await readAccount(view, user);
      if (account?.isDisabled === true) return 'disabled';
      if (account !== undefined && account.passwordHash !== passwordHash) return 'changed';
      const nowMs = this.database.now();
      const login: LoginRecord = { generation: 1, rotatedAt: nowMs, until: nowMs + ttlMs };
      const changes = new Changes().putExpiring(keys.login(user, loginId), login);
      if (account !== undefined) {
        const places = Object.entries({ ...account.places, [place]: nowMs });
        const latest = places.toSorted(([, a], [, b]) => b - a).slice(0, MAX_PLACES);
        changes.put(keys.account(user), { ...account, places: Object.fromEntries(latest) });
      }
      await this.database.commit(changes, DURABLE);
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
      const upto = await revokedUpto(view, changes, user, loginId, nowMs);
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

  /** Refuses tokens with it, where told which are spared. False where there is no account, or nothing to be changed in it. */
  private change(
    user: UserId,
    revocation: { spared?: string } | undefined,
    changed: (account: AccountRecord) => AccountRecord | undefined,
  ): Promise<boolean> {
    return this.database.exclusively(user, async (view) => {
      const account = await readAccount(view, user);
      const next = account && changed(account);
      if (next === undefined) return false;
      const changes = new Changes().put(keys.account(user), next);
      if (revocation !== undefined) {
        const record: RevokedUserRecord = { at: this.database.now(), ...revocation };
        changes.put(keys.revokedUser(user), record);
      }
      await this.database.commit(changes, DURABLE);
      return true;
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

async function readAccount(view: View, user: UserId): Promise<AccountRecord | undefined> {
  const account = await view.find<AccountRecord>(keys.account(user));
  if (account === DAMAGED)
    throw new Error('the record of an account is damaged: no password can be compared');
  return account;
}
