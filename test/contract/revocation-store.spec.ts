import type { UserId } from '../../src/shared';
import { aUser, storeIsPast, tick, openLogin } from './fixtures';
import type { OpenStore } from './store-kind';
import { stores } from './stores';

const LONG_MS = 60_000;

describe.each(stores)('RevocationStore on $name', (kind) => {
  let store: OpenStore;
  let user: UserId;
  beforeAll(async () => {
    store = await kind.open();
  });
  afterAll(() => store.close());
  beforeEach(() => {
    user = aUser();
  });

  const isRevoked = (loginId: string | undefined, issuedAt: number, of = user): Promise<boolean> =>
    store.revocations.isRevoked(of, loginId, issuedAt);

  it('refuses nothing of a user that it knows nothing of', async () => {
    expect(await isRevoked('login', 0)).toBe(false);
    expect(await isRevoked(undefined, await store.storeNow())).toBe(false);
  });

  describe('a login', () => {
    it('that has ended is refused, whenever the token was issued; another is not', async () => {
      await store.revocations.revokeLogin(user, 'login', LONG_MS);
      for (const issuedAt of [0, await store.storeNow(), (await store.storeNow()) + LONG_MS]) {
        expect(await isRevoked('login', issuedAt)).toBe(true);
        expect(await isRevoked('login-2', issuedAt)).toBe(false);
        expect(await isRevoked(undefined, issuedAt)).toBe(false);
        expect(await isRevoked('login', issuedAt, aUser())).toBe(false);
      }
    });

    it('ends for another node at the same time', async () => {
      const another = await store.openAnother();
      await store.revocations.revokeLogin(user, 'login', LONG_MS);
      expect(await another.revocations.isRevoked(user, 'login', 0)).toBe(true);
      await another.close();
    });

    it('takes its refresh tokens along, and no other', async () => {
      await openLogin(store, user, 'login', LONG_MS);
      await openLogin(store, user, 'login-2', LONG_MS);
      await store.revocations.revokeLogin(user, 'login', LONG_MS);
      const rotate = (loginId: string) => store.accounts.rotateLogin(user, loginId, 1, LONG_MS, LONG_MS);
      expect(await rotate('login')).toEqual({ outcome: 'unknown' });
      expect(await rotate('login-2')).toMatchObject({ outcome: 'rotated' });
    });

    it('is forgotten after its time', async () => {
      await store.revocations.revokeLogin(user, 'login', 300);
      await storeIsPast(store, (await store.storeNow()) + 305);
      expect(await isRevoked('login', 0)).toBe(false);
    });

    it('is not forgotten sooner for being ended again', async () => {
      await store.revocations.revokeLogin(user, 'login', LONG_MS);
      await store.revocations.revokeLogin(user, 'login', 20);
      await storeIsPast(store, (await store.storeNow()) + 25);
      expect(await isRevoked('login', 0)).toBe(true);
    });

    it('is remembered longer where it is ended again for longer', async () => {
      await store.revocations.revokeLogin(user, 'login', 20);
      await store.revocations.revokeLogin(user, 'login', LONG_MS);
      await storeIsPast(store, (await store.storeNow()) + 25);
      expect(await isRevoked('login', 0)).toBe(true);
      expect(await store.faults.immortals()).toEqual([]);
    });
  });

  describe('a user', () => {
    it('has every token refused that was issued up to then, and none that was issued later', async () => {
      const before = await store.storeNow();
      await store.revocations.revokeUser(user);
      await tick(store);
      const after = await store.storeNow();
      for (const loginId of ['login', undefined]) {
        expect(await isRevoked(loginId, 0)).toBe(true);
        expect(await isRevoked(loginId, before)).toBe(true);
        expect(await isRevoked(loginId, after)).toBe(false);
        expect(await isRevoked(loginId, 0, aUser())).toBe(false);
      }
    });

    it('is revoked again from the later time', async () => {
      await store.revocations.revokeUser(user);
      await tick(store);
      const between = await store.storeNow();
      expect(await isRevoked('login', between)).toBe(false);
      await store.revocations.revokeUser(user);
      expect(await isRevoked('login', between)).toBe(true);
    });

    it('keeps no refresh token from before, and uses those from after', async () => {
      await openLogin(store, user, 'old', LONG_MS);
      await openLogin(store, user, 'older', LONG_MS);
      await store.accounts.rotateLogin(user, 'older', 1, LONG_MS, LONG_MS);
      await store.revocations.revokeUser(user);
      await tick(store);
      await openLogin(store, user, 'new', LONG_MS);
      const rotate = (loginId: string, generation: number) =>
        store.accounts.rotateLogin(user, loginId, generation, LONG_MS, LONG_MS);
      expect(await rotate('old', 1)).toEqual({ outcome: 'revoked' });
      expect(await rotate('older', 1)).toEqual({ outcome: 'revoked' });
      expect(await rotate('older', 2)).toEqual({ outcome: 'unknown' });
      expect(await rotate('new', 1)).toMatchObject({ outcome: 'rotated' });
      expect(await rotate('new', 1)).toMatchObject({ outcome: 'rotated' });
    });
  });
});
