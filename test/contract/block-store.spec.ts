import { MAX_BLOCKED } from '../../src/blocks/block-store.port';
import type { MessageId, UserId } from '../../src/shared';
import { aClientId, aMessage, at, aUser, CHAT } from './fixtures';
import type { OpenStore } from './store-kind';
import { stores } from './stores';

describe.each(stores)('BlockStore on $name', (kind) => {
  let store: OpenStore;
  let [alice, bob]: UserId[] = [];
  beforeAll(async () => {
    store = await kind.open();
  });
  afterAll(() => store.close());
  beforeEach(() => {
    [alice, bob] = [aUser(), aUser()];
  });

  const users = (): [UserId, UserId] => [alice as UserId, bob as UserId];
  const FORBIDDEN = { code: 'forbidden' };

  it('keeps whom a user has blocked, once, until it is taken back', async () => {
    const [blocker, blocked] = users();
    const other = aUser();
    expect(await store.blocks.list(blocker)).toEqual([]);
    for (let i = 0; i < 2; i += 1) expect(await store.blocks.set(blocker, blocked, true)).toBe(true);
    await store.blocks.set(blocker, other, true);
    expect((await store.blocks.list(blocker)).toSorted()).toEqual([blocked, other].toSorted());
    expect(await store.blocks.list(blocked)).toEqual([]);
    expect(await store.blocks.set(blocker, other, false)).toBe(true);
    expect(await store.blocks.set(blocker, other, false)).toBe(true);
    expect(await store.blocks.list(blocker)).toEqual([blocked]);
  });

  it('says of each pair whether one of the two has blocked the other', async () => {
    const [blocker, blocked] = users();
    const [friend, enemy] = [aUser(), aUser()];
    await store.blocks.set(blocker, blocked, true);
    await store.blocks.set(enemy, blocker, true);
    expect(await store.blocks.areApart(blocker, [blocked, friend, enemy, blocker])).toEqual([
      true,
      false,
      true,
      false,
    ]);
    expect(await store.blocks.areApart(blocked, [blocker, friend])).toEqual([true, false]);
  });

  it('takes so many, whoever asks at once, and one again that is there', async () => {
    const [blocker] = users();
    const set = (i: number) => store.blocks.set(blocker, `other-${i}` as UserId, true);
    const answers = await Promise.all(Array.from({ length: MAX_BLOCKED + 20 }, (_, i) => set(i)));
    expect(answers.filter(Boolean)).toHaveLength(MAX_BLOCKED);
    const there = await store.blocks.list(blocker);
    expect(there).toHaveLength(MAX_BLOCKED);
    expect(await store.blocks.set(blocker, there[0] as UserId, true)).toBe(true);
  });

  it('has an append refused in its own step, and one to somebody else stored in the same', async () => {
    const [blocker, blocked] = users();
    await store.blocks.set(blocker, blocked, true);
    const friend = aUser();
    const append = (to: UserId, from: UserId, heedsBlocks = true) =>
      store.mailbox.append(aMessage({ to, from, heedsBlocks }), []);
    const [refused, stored, fromFriend] = await Promise.allSettled([
      append(blocker, blocked),
      append(friend, blocked),
      append(blocker, friend),
    ]);
    expect(refused).toMatchObject({ status: 'rejected', reason: FORBIDDEN });
    expect([stored.status, fromFriend.status]).toEqual(['fulfilled', 'fulfilled']);
    // Nothing is refused the other way, nor to another backend.
    await append(blocked, blocker);
    await append(blocker, blocked, false);
    const slice = await store.inboxes.readSlice(blocker, CHAT, { after: at('0-0') }, 10);
    expect(slice.entries).toHaveLength(2);
    await store.blocks.set(blocker, blocked, false);
    expect((await append(blocker, blocked)).offset).toBeDefined();
  });

  it('leaves what was acknowledged before acknowledged: a repeat is one', async () => {
    const [blocker, blocked] = users();
    const clientId = aClientId();
    const append = () => store.mailbox.append(aMessage({ to: blocker, from: blocked, clientId }), []);
    const first = await append();
    await store.blocks.set(blocker, blocked, true);
    const again = await append();
    expect([again.id, again.prev]).toEqual([first.id as MessageId, undefined]);
  });
});
