import type { NodeId, UserId } from '../../src/shared';
import { aNode, aRegistration, aUser, connect, PHONE, register, storeIsPast } from './fixtures';
import type { OpenStore } from './store-kind';
import { stores } from './stores';

describe.each(stores)('watching a user on $name', (kind) => {
  let store: OpenStore;
  let userId: UserId;
  let [here, there, watcher, other]: NodeId[] = [];
  beforeAll(async () => {
    store = await kind.open();
  });
  afterAll(() => store.close());
  beforeEach(() => {
    userId = aUser();
    [here, there, watcher, other] = [aNode(), aNode(), aNode(), aNode()];
  });

  const watch = (node: NodeId, dead: NodeId[] = []) => store.presence.watch(userId, node, dead);
  /** Whom a registration names, and then the end of that connection. */
  async function named(on = store): Promise<[NodeId[], NodeId[]]> {
    const arrival = aRegistration({ userId, nodeId: here });
    const { watchers } = await register(on, arrival);
    const left = await on.mailbox.unregister(userId, here!, [arrival.connectionId], []);
    return [watchers.toSorted(), left.toSorted()];
  }

  it('says how it is now, as a look does', async () => {
    expect(await watch(watcher!)).toMatchObject({ online: false, devices: 0, lastSeen: null, nodes: [] });
    const phone = await connect(store, { userId, nodeId: here, deviceId: PHONE });
    await connect(store, { userId, nodeId: there });
    const seen = await watch(watcher!);
    expect(seen).toMatchObject({ online: true, devices: 2, lastSeen: null });
    expect(seen.nodes.toSorted()).toEqual([here!, there!].toSorted());
    expect(await watch(watcher!, [there!])).toMatchObject({ online: true, devices: 1, nodes: [here] });
    await store.mailbox.unregister(userId, here!, [phone.connectionId], []);
    const gone = await watch(watcher!);
    expect(gone).toMatchObject({ online: false, devices: 0, nodes: [] });
    expect(gone).toMatchObject((await store.presence.look([userId], []))[0]!);
    expect(gone.lastSeen).toBeGreaterThanOrEqual(phone.since);
  });

  it('has whoever comes and goes name the nodes that watch, and no others', async () => {
    expect(await named()).toEqual([[], []]);
    await watch(watcher!);
    await watch(other!);
    await store.presence.watch(aUser(), aNode(), []);
    const both = [watcher!, other!].toSorted();
    expect(await named()).toEqual([both, both]);
  });

  it('ends with unwatch, for that node and user', async () => {
    const { until } = await watch(watcher!);
    await watch(other!);
    await store.presence.unwatch(aUser(), watcher!, until);
    await store.presence.unwatch(userId, aNode(), until);
    expect((await named())[0]).toHaveLength(2);
    await store.presence.unwatch(userId, watcher!, until);
    expect(await named()).toEqual([[other], [other]]);
    await store.presence.unwatch(userId, watcher!, until);
    expect(await store.faults.immortals()).toEqual([]);
  });

  it('is not ended by an unwatch that comes late, after a newer watch', async () => {
    const first = await watch(watcher!);
    const second = await watch(watcher!);
    expect(second.until).toBeGreaterThan(first.until);
    await store.presence.unwatch(userId, watcher!, first.until);
    expect(await named()).toEqual([[watcher], [watcher]]);
    await store.presence.unwatch(userId, watcher!, second.until);
    expect(await named()).toEqual([[], []]);
  });

  it('gives every watch a later end, however fast they come', async () => {
    const all = await Promise.all(Array.from({ length: 20 }, () => watch(watcher!)));
    expect(new Set(all.map(({ until }) => until)).size).toBe(20);
  });

  it('runs out 2.5 sweeps after the last watch', async () => {
    const swift = await kind.open({ SWEEP_INTERVAL_MS: '200' });
    const first = await swift.presence.watch(userId, watcher!, []);
    expect(first.until).toBeLessThanOrEqual((await swift.storeNow()) + 500);
    await storeIsPast(swift, first.until - 250);
    const { until } = await swift.presence.watch(userId, other!, []);
    expect(until).toBeGreaterThan(first.until);
    await storeIsPast(swift, first.until);
    const [whom] = await named(swift);
    // On a busy machine the other one may have run out as well; the first has, in any case.
    expect(whom).toEqual((await swift.storeNow()) <= until ? [other] : whom.filter((id) => id === other));
    await storeIsPast(swift, until);
    expect(await named(swift)).toEqual([[], []]);
    expect(await swift.faults.immortals()).toEqual([]);
    await swift.close();
  });
});
