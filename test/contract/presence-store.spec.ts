import type { PresenceLook } from '../../src/presence/presence-store.port';
import type { NodeId, UserId } from '../../src/shared';
import { waitUntil } from '../support/wait-until';
import { aConnection, aGrant, aNode, aUser, CHAT, connect, LAPTOP, PHONE, storeIsPast } from './fixtures';
import type { OpenStore } from './store-kind';
import { stores } from './stores';

describe.each(stores)('PresenceStore on $name', (kind) => {
  let store: OpenStore;
  let userId: UserId;
  let [here, there]: NodeId[] = [];
  beforeAll(async () => {
    store = await kind.open();
  });
  afterAll(() => store.close());
  beforeEach(() => {
    userId = aUser();
    [here, there] = [aNode(), aNode()];
  });

  /** What is seen of one user, each node named once. */
  async function look(dead: NodeId[] = []): Promise<PresenceLook> {
    const [seen] = await store.presence.look([userId], dead);
    return { ...seen!, nodes: [...new Set(seen!.nodes)].sort() };
  }

  it('knows nothing of a user who never was', async () => {
    expect(await look()).toEqual({ online: false, devices: 0, lastSeen: null, nodes: [] });
  });

  it('counts devices on several nodes, each connection without a name as one of its own', async () => {
    await connect(store, { userId, nodeId: here, deviceId: PHONE });
    await connect(store, { userId, nodeId: there, deviceId: LAPTOP });
    await connect(store, { userId, nodeId: there });
    await connect(store, { userId, nodeId: there });
    expect(await look()).toEqual({
      online: true,
      devices: 4,
      lastSeen: null,
      nodes: [here!, there!].sort(),
    });
  });

  it('counts a device once where it has come again', async () => {
    await connect(store, { userId, nodeId: here, deviceId: PHONE });
    await connect(store, { userId, nodeId: there, deviceId: PHONE });
    expect(await look()).toEqual({ online: true, devices: 1, lastSeen: null, nodes: [there] });
  });

  it('counts a device once while two nodes still hold it', async () => {
    const since = await store.storeNow();
    for (const [i, node] of [here!, there!].entries()) {
      const held = { connectionId: aConnection(), deviceId: PHONE, grant: aGrant(), since: since + i };
      expect((await store.mailbox.sweep(userId, node, [held], [CHAT], [])).lost.size).toBe(0);
    }
    expect(await look()).toMatchObject({ online: true, devices: 1 });
  });

  it('counts nothing on a dead node, and drops it on sight', async () => {
    await connect(store, { userId, nodeId: here, deviceId: PHONE });
    await connect(store, { userId, nodeId: there, deviceId: LAPTOP });
    const expected = { online: true, devices: 1, lastSeen: null, nodes: [here] };
    expect(await look([there!, aNode()])).toEqual(expected);
    expect(await look()).toEqual(expected);
  });

  it('was last seen, where the node died, when that had last vouched for it', async () => {
    const held = await connect(store, { userId, nodeId: there });
    const before = await store.storeNow();
    await store.mailbox.sweep(userId, there!, [held], [CHAT], []);
    const after = await store.storeNow();
    await storeIsPast(store, after + 50);
    const seen = await look([there!]);
    expect(seen).toMatchObject({ online: false, devices: 0, nodes: [] });
    expect(seen.lastSeen).toBeGreaterThanOrEqual(before);
    expect(seen.lastSeen).toBeLessThanOrEqual(after);
    expect(await look()).toEqual(seen);
  });

  it('was last seen, of several that died, at the latest', async () => {
    await connect(store, { userId, nodeId: here });
    await storeIsPast(store, (await store.storeNow()) + 20);
    const before = await store.storeNow();
    await connect(store, { userId, nodeId: there });
    await connect(store, { userId, nodeId: there });
    expect((await look([here!, there!])).lastSeen).toBeGreaterThanOrEqual(before);
  });

  it('was last seen where it left last, though a dead node is found out later', async () => {
    await connect(store, { userId, nodeId: there });
    await storeIsPast(store, (await store.storeNow()) + 20);
    const { connectionId } = await connect(store, { userId, nodeId: here });
    const before = await store.storeNow();
    await store.mailbox.unregister(userId, here!, [connectionId], []);
    expect(await look()).toMatchObject({ online: true, lastSeen: null });
    expect((await look([there!])).lastSeen).toBeGreaterThanOrEqual(before);
  });

  it('was last seen at the last sweep of all, whichever node was found dead first', async () => {
    const last = await connect(store, { userId, nodeId: here });
    await storeIsPast(store, last.since + 20);
    const before = await store.storeNow();
    await connect(store, { userId, nodeId: there });
    expect(await look([there!])).toMatchObject({ online: true, lastSeen: null });
    expect((await look([here!])).lastSeen).toBeGreaterThanOrEqual(before);
  });

  it('has no time last seen while online, and a new one afterwards', async () => {
    const first = await connect(store, { userId, nodeId: here });
    await store.mailbox.unregister(userId, here!, [first.connectionId], []);
    const seen = (await look()).lastSeen!;
    expect(seen).toBeGreaterThanOrEqual(first.since);
    const second = await connect(store, { userId, nodeId: here });
    expect((await look()).lastSeen).toBeNull();
    await store.mailbox.unregister(userId, here!, [second.connectionId], []);
    expect((await look()).lastSeen).toBeGreaterThanOrEqual(second.since);
  });

  it('is offline once its time is over without a sweep', async () => {
    const swift = await kind.open({ SWEEP_INTERVAL_MS: '400' });
    const { since } = await connect(swift, { userId, nodeId: here });
    expect((await swift.presence.look([userId], []))[0]!.online).toBe(true);
    await waitUntil('the user is offline', async () => {
      return !(await swift.presence.look([userId], []))[0]!.online;
    });
    expect(await swift.storeNow()).toBeGreaterThanOrEqual(since + 1000);
    expect((await swift.presence.look([userId], []))[0]!.lastSeen).toBe(since);
    await swift.close();
  });

  it('answers in the order it was asked, also for one user twice and for 200', async () => {
    const [on, off] = [aUser(), aUser()];
    await connect(store, { userId: on });
    const states = await store.presence.look([off, on, off, on], []);
    expect(states.map(({ online }) => online)).toEqual([false, true, false, true]);
    const many = Array.from({ length: 200 }, (_, i) => (i % 2 ? on : aUser()));
    const found = await store.presence.look(many, []);
    expect(found.map(({ online }) => online)).toEqual(many.map((user) => user === on));
    expect(await store.presence.look([], [])).toEqual([]);
  });
});
