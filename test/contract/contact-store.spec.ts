import { CONTACT_TTL_MS, HOUR_MS, MAX_CONTACTS } from '../../src/limits/contact-store.port';
import { aUser } from './fixtures';
import type { OpenStore } from './store-kind';
import { stores } from './stores';

const FREE = { allowed: true, retryAfterMs: 0 };

describe.each(stores)('ContactStore on $name', (kind) => {
  let store: OpenStore;
  beforeAll(async () => {
    store = await kind.open();
  });
  afterAll(() => store.close());

  it('admits so many new receivers, remembers them, and says when the next one is', async () => {
    const sender = aUser();
    const receivers = [aUser(), aUser(), aUser()];
    for (const receiver of receivers) expect(await store.contacts.admit(sender, receiver, 3)).toEqual(FREE);
    const { allowed, retryAfterMs } = await store.contacts.admit(sender, aUser(), 3);
    expect(allowed).toBe(false);
    expect(retryAfterMs).toBeLessThanOrEqual(HOUR_MS / 3);
    expect(retryAfterMs).toBeGreaterThan(HOUR_MS / 3 - 60_000);
    for (const receiver of receivers) expect(await store.contacts.admit(sender, receiver, 3)).toEqual(FREE);
  });

  it('gives one back after the time that it says', async () => {
    const [sender, next, afterNext] = [aUser(), aUser(), aUser()];
    for (let i = 0; i < 3; i += 1) await store.contacts.admit(sender, aUser(), 3);
    const { retryAfterMs } = await store.contacts.admit(sender, next, 3);
    await store.faults.ageContacts(sender, retryAfterMs);
    expect(await store.contacts.admit(sender, next, 3)).toEqual(FREE);
    expect((await store.contacts.admit(sender, afterNext, 3)).allowed).toBe(false);
  });

  it('does not remember whom it refuses', async () => {
    const [sender, refused] = [aUser(), aUser()];
    await store.contacts.admit(sender, aUser(), 1);
    for (let i = 0; i < 3; i += 1) {
      expect((await store.contacts.admit(sender, refused, 1)).allowed).toBe(false);
    }
    expect(await store.faults.countContacts(sender)).toBe(1);
  });

  it('counts per sender, and writing is not being written to', async () => {
    const [a, b, c] = [aUser(), aUser(), aUser()];
    expect(await store.contacts.admit(a, b, 1)).toEqual(FREE);
    expect(await store.contacts.admit(b, c, 1)).toEqual(FREE);
    expect((await store.contacts.admit(b, a, 1)).allowed).toBe(false);
  });

  it('is one list for all nodes, and one receiver costs once, when all ask at once', async () => {
    const another = await store.openAnother();
    const sender = aUser();
    const receivers = Array.from({ length: 10 }, aUser);
    const answers = await Promise.all(
      [...receivers, ...receivers, ...receivers].map(async (receiver, i) => ({
        receiver,
        ...(await (i % 2 === 0 ? store : another).contacts.admit(sender, receiver, 4)),
      })),
    );
    const admitted = answers.filter(({ allowed }) => allowed).map(({ receiver }) => receiver);
    expect(new Set(admitted).size).toBe(4);
    expect(admitted).toHaveLength(12);
    await another.close();
  });

  it('forgets who has not been written to for long', async () => {
    const [sender, old, recent] = [aUser(), aUser(), aUser()];
    await store.contacts.admit(sender, old, 2);
    await store.contacts.admit(sender, recent, 2);
    await store.faults.ageContacts(sender, CONTACT_TTL_MS - 60_000);
    await store.contacts.admit(sender, recent, 2);
    await store.faults.ageContacts(sender, 120_000);
    await store.contacts.admit(sender, recent, 2);
    expect(await store.faults.countContacts(sender)).toBe(1);
    // Two are to be had again; who is new again costs one of them.
    expect(await store.contacts.admit(sender, old, 2)).toEqual(FREE);
    expect(await store.contacts.admit(sender, aUser(), 2)).toEqual(FREE);
    expect((await store.contacts.admit(sender, aUser(), 2)).allowed).toBe(false);
  });

  it('keeps so many, those written to last', async () => {
    const [sender, first, last] = [aUser(), aUser(), aUser()];
    await store.contacts.admit(sender, first, 3);
    await store.faults.ageContacts(sender, 60_000);
    await store.faults.addContacts(sender, [...Array.from({ length: MAX_CONTACTS - 2 }, aUser), last]);
    expect(await store.faults.countContacts(sender)).toBe(MAX_CONTACTS);
    expect(await store.contacts.admit(sender, aUser(), 3)).toEqual(FREE);
    expect(await store.faults.countContacts(sender)).toBe(MAX_CONTACTS);
    await store.contacts.admit(sender, aUser(), 3);
    expect(await store.contacts.admit(sender, last, 3)).toEqual(FREE);
    expect((await store.contacts.admit(sender, first, 3)).allowed).toBe(false);
  });
});
