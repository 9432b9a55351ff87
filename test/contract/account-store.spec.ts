import type { Rotation } from '../../src/auth/account-store.port';
import type { UserId } from '../../src/shared';
import { waitUntil } from '../support/wait-until';
import { aUser, HOME, openLogin, storeIsPast, tick } from './fixtures';
import type { OpenStore } from './store-kind';
import { stores } from './stores';

const LONG_MS = 60_000;
const LOGIN = 'login-1';

describe.each(stores)('AccountStore on $name', (kind) => {
  let store: OpenStore;
  let user: UserId;
  beforeAll(async () => {
    store = await kind.open();
  });
  afterAll(() => store.close());
  beforeEach(() => {
    user = aUser();
  });

  const hashOf = async (whose: UserId): Promise<string | undefined> =>
    (await store.accounts.find(whose, HOME))?.passwordHash;
  const rotate = (generation: number, graceMs = LONG_MS, ttlMs = LONG_MS, login = LOGIN): Promise<Rotation> =>
    store.accounts.rotateLogin(user, login, generation, graceMs, ttlMs);
  async function rotatedAt(generation: number, graceMs = LONG_MS): Promise<number> {
    const rotation = await rotate(generation, graceMs);
    if (rotation.outcome !== 'rotated') throw new Error(`was ${rotation.outcome}`);
    return rotation.at;
  }

  describe('accounts', () => {
    it('keeps the password hash of an account, and knows no other', async () => {
      expect(await hashOf(user)).toBeUndefined();
      expect(await store.accounts.create(user, 'scrypt$1$żółć')).toBe(true);
      expect(await hashOf(user)).toBe('scrypt$1$żółć');
      expect(await hashOf(aUser())).toBeUndefined();
    });

    it('gives a name once, and keeps the first hash', async () => {
      await store.accounts.create(user, 'first');
      expect(await store.accounts.create(user, 'second')).toBe(false);
      expect(await hashOf(user)).toBe('first');
    });

    it('gives a name to one of twenty who ask at once', async () => {
      const another = await store.openAnother();
      const created = await Promise.all(
        Array.from({ length: 20 }, (_, i) => (i % 2 ? another : store).accounts.create(user, `hash-${i}`)),
      );
      await another.close();
      expect(created.filter(Boolean)).toHaveLength(1);
      expect(await hashOf(user)).toBe(`hash-${created.indexOf(true)}`);
    });
  });

  describe('an account', () => {
    const PLACES = 20;
    const from = (place: string, passwordHash = 'hash') =>
      store.accounts.openLogin(user, `login-${place}`, LONG_MS, { place, passwordHash });
    const isKnown = async (place: string) => (await store.accounts.find(user, place))?.isKnownPlace;
    beforeEach(() => store.accounts.create(user, 'hash'));

    it('remembers the latest places that logins came from, and not one that was refused', async () => {
      expect(await isKnown('place-1')).toBe(false);
      for (let i = 1; i <= PLACES + 1; i += 1) {
        await tick(store);
        expect(await from(`place-${i}`)).toBeGreaterThan(0);
      }
      expect(await isKnown('place-1')).toBe(false);
      for (let i = 2; i <= PLACES + 1; i += 1) expect(await isKnown(`place-${i}`)).toBe(true);
      expect(await from('elsewhere', 'another hash')).toBe('changed');
      expect(await isKnown('elsewhere')).toBe(false);
      expect(await store.accounts.create(user, 'second')).toBe(false);
    });

    it('is given another password once, and every login but one is over in the same step', async () => {
      await openLogin(store, user, 'kept', LONG_MS);
      await openLogin(store, user, 'other', LONG_MS);
      const issuedAt = await store.storeNow();
      expect(await store.accounts.changePassword(user, 'not it', 'new', 'kept')).toBe(false);
      expect(await store.revocations.isRevoked(user, 'other', issuedAt)).toBe(false);
      expect(await store.accounts.changePassword(user, 'hash', 'new', 'kept')).toBe(true);
      expect(await hashOf(user)).toBe('new');
      expect(await store.accounts.changePassword(user, 'hash', 'newer', 'kept')).toBe(false);
      expect(await store.revocations.isRevoked(user, 'other', issuedAt)).toBe(true);
      // Another login whose name ends alike.
      expect(await store.revocations.isRevoked(user, 'un-kept', issuedAt)).toBe(true);
      expect(await store.revocations.isRevoked(user, 'kept', issuedAt)).toBe(false);
      expect(await rotate(1, LONG_MS, LONG_MS, 'other')).toEqual({ outcome: 'revoked' });
      expect(await rotate(1, LONG_MS, LONG_MS, 'kept')).toMatchObject({ outcome: 'rotated' });
      // Whoever was let in with the old one comes too late.
      expect(await from(HOME)).toBe('changed');
      await store.revocations.revokeUser(user);
      expect(await store.revocations.isRevoked(user, 'kept', issuedAt)).toBe(true);
      expect(await rotate(2, LONG_MS, LONG_MS, 'kept')).toEqual({ outcome: 'revoked' });
    });

    it('is given no login while it is disabled, and keeps none', async () => {
      await openLogin(store, user, LOGIN, LONG_MS);
      const issuedAt = await store.storeNow();
      expect(await store.accounts.setDisabled(aUser(), true)).toBe(false);
      expect(await store.accounts.setDisabled(user, true)).toBe(true);
      expect(await store.revocations.isRevoked(user, LOGIN, issuedAt)).toBe(true);
      expect(await rotate(1)).toEqual({ outcome: 'revoked' });
      expect(await from(HOME)).toBe('disabled');
      await tick(store);
      expect(await store.accounts.setDisabled(user, false)).toBe(true);
      const openedAt = await from(HOME);
      expect(openedAt).toBeGreaterThan(0);
      expect(await store.revocations.isRevoked(user, `login-${HOME}`, openedAt as number)).toBe(false);
      expect(await hashOf(user)).toBe('hash');
    });

    it('has its look for itself, whoever asks first', async () => {
      const look = `look-${user}`;
      const others = Array.from({ length: 10 }, aUser);
      const claimed = await Promise.all(others.map((other) => store.accounts.claimLook(look, other)));
      expect(claimed.filter(Boolean)).toHaveLength(1);
      const holder = others[claimed.indexOf(true)] ?? user;
      expect(await store.accounts.claimLook(look, holder)).toBe(true);
      expect(await store.accounts.claimLook(look, user)).toBe(false);
    });
  });

  describe('logins', () => {
    it('opens one and says when, by the store', async () => {
      const before = await store.storeNow();
      const openedAt = await openLogin(store, user, LOGIN, LONG_MS);
      expect(openedAt).toBeGreaterThanOrEqual(before);
      expect(openedAt).toBeLessThanOrEqual(await store.storeNow());
    });

    it('rotates generation after generation, each time by the clock of the store', async () => {
      await openLogin(store, user, LOGIN, LONG_MS);
      for (const generation of [1, 2, 3]) {
        await tick(store);
        const before = await store.storeNow();
        const at = await rotatedAt(generation);
        expect(at).toBeGreaterThanOrEqual(before);
        expect(at).toBeLessThanOrEqual(await store.storeNow());
      }
    });

    it('answers a repeat within the grace the same, and the newest still works', async () => {
      await openLogin(store, user, LOGIN, LONG_MS);
      const at = await rotatedAt(1);
      await storeIsPast(store, at + 5);
      expect(await rotatedAt(1)).toBe(at);
      expect(await rotatedAt(1)).toBe(at);
      const next = await rotatedAt(2);
      expect(next).toBeGreaterThan(at);
      expect(await rotatedAt(2)).toBe(next);
    });

    it('answers all who ask at once the same', async () => {
      await openLogin(store, user, LOGIN, LONG_MS);
      const answers = await Promise.all(Array.from({ length: 20 }, () => rotatedAt(1)));
      expect(new Set(answers).size).toBe(1);
      expect(await rotatedAt(2)).toBeGreaterThanOrEqual(answers[0]!);
    });

    it('ends the login for a repeat after the grace', async () => {
      await openLogin(store, user, LOGIN, LONG_MS);
      const at = await rotatedAt(1, 50);
      await storeIsPast(store, at + 51);
      expect(await rotate(1, 50)).toEqual({ outcome: 'revoked' });
      expect(await rotate(2, 50)).toEqual({ outcome: 'unknown' });
    });

    it('does not prolong the grace by a repeat', async () => {
      await openLogin(store, user, LOGIN, LONG_MS);
      const at = await rotatedAt(1, 500);
      let outcome = 'rotated';
      await waitUntil('the grace is over', async () => {
        ({ outcome } = await rotate(1, 500));
        return outcome !== 'rotated';
      });
      expect(outcome).toBe('revoked');
      expect(await store.storeNow()).toBeGreaterThan(at + 500);
    });

    it('ends the login for a generation older than that, within the grace too', async () => {
      await openLogin(store, user, LOGIN, LONG_MS);
      await rotatedAt(1);
      await rotatedAt(2);
      expect(await rotate(1)).toEqual({ outcome: 'revoked' });
      for (const generation of [1, 2, 3]) expect(await rotate(generation)).toEqual({ outcome: 'unknown' });
      // Its access tokens too, in the same step.
      expect(await store.revocations.isRevoked(user, LOGIN, await store.storeNow())).toBe(true);
    });

    it('gives nothing for a generation that has not been given out', async () => {
      await openLogin(store, user, LOGIN, LONG_MS);
      expect(await rotate(2)).toEqual({ outcome: 'revoked' });
      expect(await rotate(1)).toEqual({ outcome: 'unknown' });
    });

    it('knows no other login, and no other user', async () => {
      await openLogin(store, user, LOGIN, LONG_MS);
      expect(await rotate(1, LONG_MS, LONG_MS, 'login-2')).toEqual({ outcome: 'unknown' });
      expect(await store.accounts.rotateLogin(aUser(), LOGIN, 1, LONG_MS, LONG_MS)).toEqual({
        outcome: 'unknown',
      });
      expect(await rotate(1)).toMatchObject({ outcome: 'rotated' });
    });

    it('ends one login only', async () => {
      await openLogin(store, user, LOGIN, LONG_MS);
      await openLogin(store, user, 'login-2', LONG_MS);
      await rotate(1);
      await rotate(2);
      expect(await rotate(1)).toEqual({ outcome: 'revoked' });
      expect(await rotate(1, LONG_MS, LONG_MS, 'login-2')).toMatchObject({ outcome: 'rotated' });
    });

    it('is gone after its time without a rotation', async () => {
      const openedAt = await openLogin(store, user, LOGIN, 200);
      await storeIsPast(store, openedAt + 205);
      expect(await rotate(1)).toEqual({ outcome: 'unknown' });
    });

    it('lives on by being rotated, and is gone after its time from then', async () => {
      const openedAt = await openLogin(store, user, LOGIN, 600);
      expect(await rotate(1, LONG_MS, 1000)).toMatchObject({ outcome: 'rotated' });
      await storeIsPast(store, openedAt + 605);
      const rotation = await rotate(2, LONG_MS, 200);
      expect(rotation).toMatchObject({ outcome: 'rotated' });
      await storeIsPast(store, (await store.storeNow()) + 205);
      expect(await rotate(3)).toEqual({ outcome: 'unknown' });
    });
  });
});
