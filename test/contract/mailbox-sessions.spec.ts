import type { HeldConnection } from '../../src/routing/mailbox.port';
import type { ConnectionId, NodeId, UserId } from '../../src/shared';
import { waitUntil } from '../support/wait-until';
import {
  aConnection,
  aGrant,
  aMessage,
  aNode,
  appendMany,
  aRegistration,
  aUser,
  CHAT,
  connect,
  LAPTOP,
  NEWS,
  PHONE,
  plain,
  routesOf,
  storeIsPast,
  register,
} from './fixtures';
import type { OpenStore } from './store-kind';
import { stores } from './stores';

describe.each(stores)('the life of a connection on $name', (kind) => {
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

  async function lastSeen(dead: NodeId[] = []): Promise<number | null> {
    return (await store.presence.look([userId], dead))[0]!.lastSeen;
  }
  function sweep(node: NodeId, held: HeldConnection[], dead: NodeId[] = []): Promise<ConnectionId[]> {
    return store.mailbox.sweep(userId, node, held, [CHAT, NEWS], dead).then(({ lost }) => [...lost.keys()]);
  }
  const leave = (node: NodeId, ...connections: ConnectionId[]): Promise<NodeId[]> =>
    store.mailbox.unregister(userId, node, connections, []);

  describe('register', () => {
    it.each(['the same node', 'another node'])('replaces the same device on %s', async (where) => {
      const old = await connect(store, { userId, nodeId: here, deviceId: PHONE });
      const nodeId = where === 'the same node' ? here! : there!;
      const fresh = aRegistration({ userId, nodeId, deviceId: PHONE });
      const { replaced, since } = await register(store, fresh);
      expect(plain(replaced)).toEqual({ [here!]: [old.connectionId] });
      expect(since).toBeGreaterThan(old.since);
      expect(await routesOf(store, userId)).toEqual({ [nodeId]: [fresh.connectionId] });
    });

    it('leaves other devices, unnamed connections and other users alone', async () => {
      const laptop = await connect(store, { userId, nodeId: here, deviceId: LAPTOP });
      const tab = await connect(store, { userId, nodeId: here });
      const stranger = await connect(store, { userId: aUser(), nodeId: here, deviceId: PHONE });
      const phone = aRegistration({ userId, nodeId: there, deviceId: PHONE });
      expect((await register(store, phone)).replaced.size).toBe(0);
      const anotherTab = aRegistration({ userId, nodeId: there });
      expect((await register(store, anotherTab)).replaced.size).toBe(0);
      expect(await routesOf(store, userId)).toEqual({
        [here!]: [laptop.connectionId, tab.connectionId].sort(),
        [there!]: [phone.connectionId, anotherTab.connectionId].sort(),
      });
      expect(await routesOf(store, stranger.userId)).toEqual({ [here!]: [stranger.connectionId] });
    });

    it('gives a place that strictly grows, however fast they come', async () => {
      const all = await Promise.all(
        Array.from({ length: 30 }, () => connect(store, { userId, nodeId: here })),
      );
      expect(new Set(all.map(({ since }) => since)).size).toBe(30);
      const later = await connect(store, { userId });
      expect(later.since).toBeGreaterThan(Math.max(...all.map(({ since }) => since)));
    });

    it('takes its place from the clock of the store', async () => {
      const before = await store.storeNow();
      const { since } = await connect(store, { userId });
      expect(since).toBeGreaterThanOrEqual(before);
      expect(since).toBeLessThanOrEqual(await store.storeNow());
    });

    it('leaves exactly one of one device where many come at once, and names each that lost', async () => {
      const another = await store.openAnother();
      const arrivals = Array.from({ length: 20 }, () => aRegistration({ userId, deviceId: PHONE }));
      const answers = await Promise.all(
        arrivals.map((arrival, i) => register(i % 2 ? another : store, arrival)),
      );
      await another.close();
      const sinces = answers.map(({ since }) => since);
      const winner = arrivals[sinces.indexOf(Math.max(...sinces))]!;
      expect(new Set(sinces).size).toBe(20);
      expect(await routesOf(store, userId)).toEqual({ [winner.nodeId]: [winner.connectionId] });
      const replaced = answers.flatMap((answer) => [...answer.replaced.values()].flat()).sort();
      const losers = arrivals.filter((arrival) => arrival !== winner);
      expect(replaced).toEqual(losers.map(({ connectionId }) => connectionId).sort());
    });

    it('does not name as replaced what was on a dead node', async () => {
      await connect(store, { userId, nodeId: there, deviceId: PHONE });
      const fresh = aRegistration({ userId, nodeId: here, deviceId: PHONE });
      expect((await register(store, fresh, [there!])).replaced.size).toBe(0);
      expect(await routesOf(store, userId)).toEqual({ [here!]: [fresh.connectionId] });
    });

    it('may be repeated: the connection does not replace itself', async () => {
      const arrival = aRegistration({ userId, deviceId: PHONE });
      const first = await register(store, arrival);
      const second = await register(store, arrival);
      expect(second.replaced.size).toBe(0);
      expect(second.since).toBeGreaterThan(first.since);
      expect(await routesOf(store, userId)).toEqual({ [arrival.nodeId]: [arrival.connectionId] });
    });
  });

  describe('unregister', () => {
    it('removes what it names and nothing else', async () => {
      const stays = await connect(store, { userId, nodeId: here });
      const goes = await connect(store, { userId, nodeId: here });
      const goesToo = await connect(store, { userId, nodeId: here });
      await leave(here!, goes.connectionId, goesToo.connectionId, aConnection());
      expect(await routesOf(store, userId)).toEqual({ [here!]: [stays.connectionId] });
      expect(await lastSeen()).toBeNull();
    });

    it("removes nothing under another node's id", async () => {
      const stays = await connect(store, { userId, nodeId: here });
      await leave(there!, stays.connectionId);
      expect(await routesOf(store, userId)).toEqual({ [here!]: [stays.connectionId] });
      expect(await lastSeen()).toBeNull();
    });

    it.each(['the same node', 'another node'])(
      'that comes late never removes a newer connection of the device on %s',
      async (where) => {
        const nodeId = where === 'the same node' ? here! : there!;
        const old = await connect(store, { userId, nodeId: here, deviceId: PHONE });
        const fresh = await connect(store, { userId, nodeId, deviceId: PHONE });
        await leave(here!, old.connectionId);
        expect(await routesOf(store, userId)).toEqual({ [nodeId]: [fresh.connectionId] });
        expect(await lastSeen()).toBeNull();
      },
    );

    it('says when the user was last seen, as the last connection goes and no sooner', async () => {
      const [phone, tab] = [
        await connect(store, { userId, nodeId: here, deviceId: PHONE }),
        await connect(store, { userId, nodeId: there }),
      ];
      await leave(here!, phone.connectionId);
      expect(await lastSeen()).toBeNull();
      const before = await store.storeNow();
      await leave(there!, tab.connectionId);
      const seen = await lastSeen();
      expect(seen).toBeGreaterThanOrEqual(before);
      expect(seen).toBeLessThanOrEqual(await store.storeNow());
    });

    it('moves nothing where there is nothing to remove', async () => {
      const { connectionId } = await connect(store, { userId, nodeId: here });
      await leave(here!, connectionId);
      const seen = (await lastSeen())!;
      await storeIsPast(store, seen + 5);
      await leave(here!, connectionId, aConnection());
      await leave(here!);
      expect(await lastSeen()).toBe(seen);
    });

    it('counts what is left on a dead node for nothing', async () => {
      await connect(store, { userId, nodeId: there });
      const { connectionId } = await connect(store, { userId, nodeId: here });
      const before = await store.storeNow();
      await store.mailbox.unregister(userId, here!, [connectionId], [there!]);
      expect(await lastSeen()).toBeGreaterThanOrEqual(before);
    });

    it('is fine for a user who never was', async () => {
      await leave(here!, aConnection());
      expect(await lastSeen()).toBeNull();
    });
  });

  describe('sweep', () => {
    it('tells the last offset of every channel asked for', async () => {
      const held = await connect(store, { userId, nodeId: here });
      const chat = (await appendMany(store, userId, 2)).at(-1)!;
      const { lasts, lost } = await store.mailbox.sweep(userId, here!, [held], [CHAT, NEWS], []);
      expect([...lasts]).toEqual([
        [CHAT, chat.offset],
        [NEWS, '0-0'],
      ]);
      expect(lost.size).toBe(0);
    });

    it('tells the last offset where messages, or the state, are gone', async () => {
      const held = await connect(store, { userId, nodeId: here });
      const { offset } = (await appendMany(store, userId, 2)).at(-1)!;
      await store.faults.loseState(userId);
      const lastOf = async () =>
        (await store.mailbox.sweep(userId, here!, [held], [CHAT], [])).lasts.get(CHAT);
      expect(await lastOf()).toBe(offset);
      const next = await store.mailbox.append(aMessage({ to: userId }), []);
      await store.faults.loseInbox(userId, CHAT);
      expect(await lastOf()).toBe(next.offset);
    });

    it('writes again what is missing, as it was', async () => {
      const phone = await connect(store, { userId, nodeId: here, deviceId: PHONE });
      const tab = await connect(store, { userId, nodeId: here });
      await store.faults.losePresence(userId);
      expect(await routesOf(store, userId)).toEqual({});
      expect(await sweep(here!, [phone, tab])).toEqual([]);
      expect(await routesOf(store, userId)).toEqual({
        [here!]: [phone.connectionId, tab.connectionId].sort(),
      });
      const newer = aRegistration({ userId, nodeId: there, deviceId: PHONE });
      const { replaced } = await register(store, newer);
      expect(plain(replaced)).toEqual({ [here!]: [phone.connectionId] });
    });

    it('writes again under the id that the node has now', async () => {
      const tab = await connect(store, { userId, nodeId: here });
      expect(await sweep(there!, [tab], [here!])).toEqual([]);
      expect(await routesOf(store, userId)).toEqual({ [there!]: [tab.connectionId] });
    });

    it('keeps nothing that it was not told of, and removes nothing either', async () => {
      const other = await connect(store, { userId, nodeId: here });
      const swept = await connect(store, { userId, nodeId: here });
      await sweep(here!, [swept]);
      await sweep(there!, []);
      expect(await routesOf(store, userId)).toEqual({
        [here!]: [other.connectionId, swept.connectionId].sort(),
      });
    });

    it.each(['the same node', 'another node'])(
      'names as lost what a newer connection of the device on %s replaced',
      async (where) => {
        const nodeId = where === 'the same node' ? here! : there!;
        const old = await connect(store, { userId, nodeId: here, deviceId: PHONE });
        const fresh = await connect(store, { userId, nodeId, deviceId: PHONE });
        expect(await sweep(here!, [old])).toEqual([old.connectionId]);
        expect(await sweep(nodeId, [fresh])).toEqual([]);
        expect(await routesOf(store, userId)).toEqual({ [nodeId]: [fresh.connectionId] });
      },
    );

    it('lets the newer of two on one node win, in whichever order they are told', async () => {
      const old = await connect(store, { userId, nodeId: here, deviceId: PHONE });
      const fresh = await connect(store, { userId, nodeId: here, deviceId: PHONE });
      for (const held of [
        [old, fresh],
        [fresh, old],
      ]) {
        await store.faults.losePresence(userId);
        expect(await sweep(here!, held)).toEqual([old.connectionId]);
        expect(await routesOf(store, userId)).toEqual({ [here!]: [fresh.connectionId] });
      }
    });

    it('lets the newer win though the older comes back first to a store that was emptied', async () => {
      const old = await connect(store, { userId, nodeId: here, deviceId: PHONE });
      const fresh = await connect(store, { userId, nodeId: there, deviceId: PHONE });
      await store.faults.losePresence(userId);
      expect(await sweep(here!, [old])).toEqual([]);
      expect(await sweep(there!, [fresh])).toEqual([]);
      expect(await sweep(here!, [old])).toEqual([old.connectionId]);
      expect(await routesOf(store, userId)).toEqual({ [there!]: [fresh.connectionId] });
    });

    it('leaves exactly one of two that have the same place', async () => {
      const since = await store.storeNow();
      const [a, b] = [0, 1].map(() => ({
        connectionId: aConnection(),
        deviceId: PHONE,
        grant: aGrant(),
        since,
      }));
      const lost = [
        ...(await sweep(here!, [a!])),
        ...(await sweep(there!, [b!])),
        ...(await sweep(here!, [a!])),
      ];
      expect(new Set(lost).size).toBe(1);
      const routes = Object.values(await routesOf(store, userId)).flat();
      expect([...routes, ...new Set(lost)].sort()).toEqual([a!.connectionId, b!.connectionId].sort());
    });

    it('lets other devices and unnamed connections be', async () => {
      const held = [
        await connect(store, { userId, nodeId: here, deviceId: PHONE }),
        await connect(store, { userId, nodeId: here, deviceId: LAPTOP }),
        await connect(store, { userId, nodeId: here }),
        await connect(store, { userId, nodeId: here }),
      ];
      await connect(store, { userId, nodeId: there });
      expect(await sweep(here!, held)).toEqual([]);
    });

    it('does not lose to a newer connection on a dead node, or to one that has left', async () => {
      const old = await connect(store, { userId, nodeId: here, deviceId: PHONE });
      const fresh = await connect(store, { userId, nodeId: there, deviceId: PHONE });
      expect(await sweep(here!, [old], [there!])).toEqual([]);
      expect(await routesOf(store, userId)).toEqual({ [here!]: [old.connectionId] });
      const newest = await connect(store, { userId, nodeId: there, deviceId: PHONE });
      await leave(there!, fresh.connectionId, newest.connectionId);
      expect(await sweep(here!, [old])).toEqual([]);
    });
  });

  describe('in time', () => {
    let swift: OpenStore;
    beforeAll(async () => {
      swift = await kind.open({ SWEEP_INTERVAL_MS: '400' });
    });
    afterAll(() => swift.close());

    it('counts while it is swept, and was last seen at its last sweep', async () => {
      const held = await connect(swift, { userId, nodeId: here });
      const end = held.since + 1500;
      let [before, after] = [0, 0];
      while (after < end) {
        before = await swift.storeNow();
        await swift.mailbox.sweep(userId, here!, [held], [CHAT], []);
        after = await swift.storeNow();
        expect((await swift.presence.look([userId], []))[0]).toMatchObject({ online: true, lastSeen: null });
        await storeIsPast(swift, after + 100);
      }
      await waitUntil('the user is offline', async () => {
        return !(await swift.presence.look([userId], []))[0]!.online;
      });
      expect(await swift.storeNow()).toBeGreaterThan(before + 1000);
      const { lastSeen: seen } = (await swift.presence.look([userId], []))[0]!;
      expect(seen).toBeGreaterThanOrEqual(before);
      expect(seen).toBeLessThanOrEqual(after);
    });

    it('is renewed one by one: what is swept stays, what is not goes', async () => {
      const swept = await connect(swift, { userId, nodeId: here });
      await connect(swift, { userId, nodeId: here });
      await waitUntil('the other one is gone', async () => {
        await swift.mailbox.sweep(userId, here!, [swept], [CHAT], []);
        return (await swift.presence.look([userId], []))[0]!.devices === 1;
      });
      expect(await routesOf(swift, userId)).toEqual({ [here!]: [swept.connectionId] });
    });

    it('comes back by a sweep after it has run out', async () => {
      const held = await connect(swift, { userId, nodeId: here });
      await waitUntil('it has run out', async () => {
        return !(await swift.presence.look([userId], []))[0]!.online;
      });
      await swift.mailbox.sweep(userId, here!, [held], [CHAT], []);
      expect((await swift.presence.look([userId], []))[0]).toMatchObject({ online: true, lastSeen: null });
    });
  });
});
