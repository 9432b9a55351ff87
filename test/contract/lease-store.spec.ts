import { waitUntil } from '../support/wait-until';
import { aNode, storeIsPast } from './fixtures';
import type { OpenStore } from './store-kind';
import { stores } from './stores';

const LONG_MS = 60_000;
const INFO = { name: 'n', version: '1.2.3', connections: 0, draining: false };

describe.each(stores)('LeaseStore on $name', (kind) => {
  let store: OpenStore;
  beforeEach(async () => {
    store = await kind.open();
  });
  afterEach(() => store.close());

  it('takes a lease and tells the time of the store', async () => {
    const node = aNode();
    const before = await store.storeNow();
    const look = await store.leases.take(node, LONG_MS, INFO);
    expect(look).toEqual({ held: true, storeNowMs: look.storeNowMs, living: [node] });
    expect(look.storeNowMs).toBeGreaterThanOrEqual(before);
    expect(look.storeNowMs).toBeLessThanOrEqual(await store.storeNow());
  });

  it('names every node whose lease has not run out', async () => {
    const [first, second] = [aNode(), aNode()];
    await store.leases.take(first, LONG_MS, INFO);
    expect((await store.leases.take(second, LONG_MS, INFO)).living.toSorted()).toEqual(
      [first, second].sort(),
    );
    expect((await store.leases.renew(first, LONG_MS, INFO)).living.toSorted()).toEqual(
      [first, second].sort(),
    );
  });

  it('is the same list for another node', async () => {
    const another = await store.openAnother();
    const [first, second] = [aNode(), aNode()];
    await store.leases.take(first, LONG_MS, INFO);
    const { living } = await another.leases.take(second, LONG_MS, INFO);
    expect(living.toSorted()).toEqual([first, second].sort());
    await another.close();
  });

  it('renews as long as it is renewed in time', async () => {
    const node = aNode();
    const { storeNowMs } = await store.leases.take(node, 1000, INFO);
    let now = storeNowMs;
    while (now < storeNowMs + 2000) {
      await storeIsPast(store, now + 200);
      const look = await store.leases.renew(node, 1000, INFO);
      expect(look).toMatchObject({ held: true, living: [node] });
      now = look.storeNowMs;
    }
  });

  it('never renews a lease that has run out', async () => {
    const [node, other] = [aNode(), aNode()];
    const { storeNowMs } = await store.leases.take(node, 300, INFO);
    await store.leases.take(other, LONG_MS, INFO);
    await waitUntil('the lease has run out', async () => {
      return !(await store.leases.renew(other, LONG_MS, INFO)).living.includes(node);
    });
    expect(await store.storeNow()).toBeGreaterThanOrEqual(storeNowMs + 300);
    for (let i = 0; i < 3; i++) {
      const look = await store.leases.renew(node, LONG_MS, INFO);
      expect(look).toMatchObject({ held: false, living: [other] });
    }
  });

  it('does not renew what has run out and nobody has looked at since', async () => {
    const node = aNode();
    const { storeNowMs } = await store.leases.take(node, 100, INFO);
    await storeIsPast(store, storeNowMs + 101);
    expect(await store.leases.renew(node, LONG_MS, INFO)).toMatchObject({ held: false, living: [] });
  });

  it('does not renew an id that it knows nothing of', async () => {
    const node = aNode();
    expect(await store.leases.renew(node, LONG_MS, INFO)).toMatchObject({ held: false, living: [] });
    expect(await store.leases.renew(node, LONG_MS, INFO)).toMatchObject({ held: false, living: [] });
  });

  it('leaves at once, for good, and takes nobody along', async () => {
    const [goes, stays] = [aNode(), aNode()];
    await store.leases.take(goes, LONG_MS, INFO);
    await store.leases.take(stays, LONG_MS, INFO);
    await store.leases.leave(goes);
    expect((await store.leases.renew(stays, LONG_MS, INFO)).living).toEqual([stays]);
    expect(await store.leases.renew(goes, LONG_MS, INFO)).toMatchObject({ held: false, living: [stays] });
  });

  it('does not mind an unknown id that leaves', async () => {
    await expect(store.leases.leave(aNode())).resolves.toBeUndefined();
  });

  it("does not cut one node's lease short by another's shorter one", async () => {
    const [long, short] = [aNode(), aNode()];
    await store.leases.take(long, LONG_MS, INFO);
    const { storeNowMs } = await store.leases.take(short, 20, INFO);
    await storeIsPast(store, storeNowMs + 400);
    expect(await store.leases.renew(long, LONG_MS, INFO)).toMatchObject({ held: true, living: [long] });
  });

  it('lists what each node told last, and when its lease runs out', async () => {
    const [first, second] = [aNode(), aNode()];
    await store.leases.take(first, LONG_MS, INFO);
    await store.leases.take(second, LONG_MS, { ...INFO, name: 'm "ü"' });
    const told = { ...INFO, connections: 7, draining: true };
    const { storeNowMs } = await store.leases.renew(first, LONG_MS, told);
    const listed = await store.leases.list();
    expect(listed).toHaveLength(2);
    expect(listed).toContainEqual({ nodeId: first, ...told, leaseExpiresAt: storeNowMs + LONG_MS });
    expect(listed).toContainEqual(expect.objectContaining({ nodeId: second, name: 'm "ü"' }));
  });

  it('lists nobody who has left or whose lease has run out, and nothing that one without a lease told', async () => {
    const [goes, runsOut, stays] = [aNode(), aNode(), aNode()];
    await store.leases.take(goes, LONG_MS, INFO);
    const { storeNowMs } = await store.leases.take(runsOut, 100, INFO);
    await store.leases.take(stays, LONG_MS, INFO);
    await store.leases.leave(goes);
    await storeIsPast(store, storeNowMs + 101);
    const nodeIds = async () => (await store.leases.list()).map(({ nodeId }) => nodeId);
    expect(await nodeIds()).toEqual([stays]);
    for (const lost of [goes, runsOut]) await store.leases.renew(lost, LONG_MS, INFO);
    expect(await nodeIds()).toEqual([stays]);
    expect(await store.faults.immortals()).toEqual([]);
  });
});
