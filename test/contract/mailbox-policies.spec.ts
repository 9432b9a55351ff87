import type { HeldConnection } from '../../src/routing/mailbox.port';
import type { ConnectionId, NodeId, UserId } from '../../src/shared';
import { Random } from '../support/random';
import { waitUntil } from '../support/wait-until';
import {
  aConnection,
  aDevice,
  aMessage,
  aNode,
  aRegistration,
  aUser,
  CHAT,
  connect,
  LAPTOP,
  PHONE,
  plain,
  register,
  tick,
} from './fixtures';
import type { OpenStore } from './store-kind';
import { stores } from './stores';

const SEEDS = 300;
const policies = {
  multiple: { SESSION_POLICY: 'multiple', MAX_DEVICES_PER_USER: '3' },
  replace: { SESSION_POLICY: 'replace' },
  reject: { SESSION_POLICY: 'reject' },
};

describe.each(stores)('the session policies on $name', (kind) => {
  let store: OpenStore;
  let userId: UserId;
  let [here, there]: NodeId[] = [];
  beforeEach(() => {
    userId = aUser();
    [here, there] = [aNode(), aNode()];
  });
  afterEach(() => store.close());

  const open = async (policy: keyof typeof policies): Promise<void> => {
    store = await kind.open(policies[policy]);
  };
  const locate = async (dead: NodeId[] = []) => plain(await store.mailbox.locate(userId, dead));
  const lostIn = async (node: NodeId, held: HeldConnection[], dead: NodeId[] = []): Promise<object> =>
    Object.fromEntries((await store.mailbox.sweep(userId, node, held, [CHAT], dead)).lost);

  describe('multiple', () => {
    beforeEach(() => open('multiple'));

    it('replaces the oldest where there are too many, named or not, and tells where it is', async () => {
      const oldest = await connect(store, { userId, nodeId: here });
      const phone = await connect(store, { userId, nodeId: there, deviceId: PHONE });
      const tab = await connect(store, { userId, nodeId: here });
      const newest = aRegistration({ userId, nodeId: there, deviceId: LAPTOP });
      expect(plain((await register(store, newest)).replaced)).toEqual({ [here!]: [oldest.connectionId] });
      expect(await locate()).toEqual({
        [here!]: [tab.connectionId],
        [there!]: [phone.connectionId, newest.connectionId].sort(),
      });
    });

    it('replaces the same device first, which makes room', async () => {
      await connect(store, { userId, nodeId: here });
      const old = await connect(store, { userId, nodeId: here, deviceId: PHONE });
      await connect(store, { userId, nodeId: here });
      const again = aRegistration({ userId, nodeId: there, deviceId: PHONE });
      expect(plain((await register(store, again)).replaced)).toEqual({ [here!]: [old.connectionId] });
    });

    it('counts nothing on a dead node', async () => {
      for (let i = 0; i < 3; i += 1) await connect(store, { userId, nodeId: there });
      const living = aRegistration({ userId, nodeId: here });
      expect((await register(store, living, [there!])).replaced.size).toBe(0);
      expect(await locate()).toEqual({ [here!]: [living.connectionId] });
    });

    it('has a thawed node`s connections lose at its sweep, and those that came since stay', async () => {
      const frozen = [
        await connect(store, { userId, nodeId: here }),
        await connect(store, { userId, nodeId: here, deviceId: PHONE }),
      ];
      // Called dead, its entries go; two devices come elsewhere. It thaws under a new id.
      const fresh = [
        await connect(store, { userId, nodeId: there, deviceId: PHONE }),
        await connect(store, { userId, nodeId: there }),
      ];
      expect(Object.keys(await locate([here!]))).toEqual([there]);
      const thawed = aNode();
      expect(await lostIn(thawed, frozen, [here!])).toEqual({ [frozen[1]!.connectionId]: 'replaced' });
      const another = await connect(store, { userId, nodeId: there });
      expect(await lostIn(thawed, [frozen[0]!], [here!])).toEqual({ [frozen[0]!.connectionId]: 'replaced' });
      expect(await lostIn(there!, [...fresh, another])).toEqual({});
    });
  });

  describe('replace', () => {
    beforeEach(() => open('replace'));

    it.each([
      ['another device', LAPTOP],
      ['one without a name', undefined],
    ])('lets %s take the place of whatever there is', async (_what, deviceId) => {
      const old = await connect(store, { userId, nodeId: here, deviceId: PHONE });
      const fresh = aRegistration({ userId, nodeId: there, deviceId });
      expect(plain((await register(store, fresh)).replaced)).toEqual({ [here!]: [old.connectionId] });
      expect(await locate()).toEqual({ [there!]: [fresh.connectionId] });
      expect(await lostIn(here!, [old])).toEqual({ [old.connectionId]: 'replaced' });
    });

    it('has a thawed node`s connection lose at its sweep', async () => {
      const old = await connect(store, { userId, nodeId: here });
      await store.faults.losePresence(userId);
      // The order within one millisecond is kept by presence alone, which is gone.
      await tick(store);
      const fresh = await connect(store, { userId, nodeId: there });
      expect(await lostIn(aNode(), [old])).toEqual({ [old.connectionId]: 'replaced' });
      expect(await lostIn(there!, [fresh])).toEqual({});
    });
  });

  describe('reject', () => {
    beforeEach(() => open('reject'));

    it.each([
      ['another device', LAPTOP],
      ['one without a name', undefined],
    ])('refuses %s, names who is there, and changes nothing', async (_what, deviceId) => {
      const first = await connect(store, { userId, nodeId: here, deviceId: PHONE });
      const second = aRegistration({ userId, nodeId: there, deviceId });
      const rivals = new Map([[here, [first.connectionId]]]);
      expect(await store.mailbox.register(second, [])).toEqual({ refused: 'conflict', rivals });
      expect(await locate()).toEqual({ [here!]: [first.connectionId] });
      expect(await lostIn(here!, [first])).toEqual({});
    });

    it('refuses an unnamed connection beside an unnamed one', async () => {
      const first = await connect(store, { userId, nodeId: here });
      const second = aRegistration({ userId, nodeId: there });
      const rivals = new Map([[here, [first.connectionId]]]);
      expect(await store.mailbox.register(second, [])).toEqual({ refused: 'conflict', rivals });
    });

    it('lets the same device take its own place, and the same connection register again', async () => {
      const first = await connect(store, { userId, nodeId: here, deviceId: PHONE });
      const again = aRegistration({ userId, nodeId: there, deviceId: PHONE });
      expect(plain((await register(store, again)).replaced)).toEqual({ [here!]: [first.connectionId] });
      expect((await register(store, again)).replaced.size).toBe(0);
    });

    it('does not count what is on a dead node, has left, or has run out', async () => {
      const first = await connect(store, { userId, nodeId: there });
      const second = aRegistration({ userId, nodeId: here });
      expect(await store.mailbox.register(second, [aNode()])).toMatchObject({ refused: 'conflict' });
      await register(store, second, [there!]);
      await store.mailbox.unregister(userId, here!, [second.connectionId], []);
      expect(await store.mailbox.register(aRegistration({ userId, nodeId: here }), [])).not.toHaveProperty(
        'refused',
      );
      expect(await lostIn(there!, [first])).toEqual({ [first.connectionId]: 'replaced' });
    });

    it('counts an entry no longer than 2.5 sweeps after the last', async () => {
      await store.close();
      store = await kind.open({ ...policies.reject, SWEEP_INTERVAL_MS: '200' });
      await connect(store, { userId, nodeId: there });
      const second = aRegistration({ userId, nodeId: here });
      expect(await store.mailbox.register(second, [])).toMatchObject({ refused: 'conflict' });
      await waitUntil('it is let in', async () => !('refused' in (await store.mailbox.register(second, []))));
    });
  });

  describe.each(Object.keys(policies) as (keyof typeof policies)[])('%s', (policy) => {
    beforeEach(() => open(policy));

    it('agrees at every sweep with what was decided at the registrations', async () => {
      for (let seed = 1; seed <= 50; seed += 1) {
        const random = new Random(seed);
        userId = aUser();
        const nodes = [aNode(), aNode(), aNode()];
        const devices = [undefined, undefined, PHONE, LAPTOP, aDevice()];
        const held: (HeldConnection & { nodeId: NodeId })[] = [];
        for (let i = 0; i < 8; i += 1) {
          const arrival = aRegistration({
            userId,
            nodeId: random.pick(nodes),
            deviceId: random.pick(devices),
          });
          const outcome = await store.mailbox.register(arrival, []);
          if (!('refused' in outcome)) held.push({ ...arrival, since: outcome.since });
        }
        const before = await locate();
        // Now and then the store has been emptied since: sweeps put together what they know.
        const isEmptied = random.chance(0.5);
        if (isEmptied) await store.faults.losePresence(userId);
        const rounds = isEmptied ? 2 : 1;
        for (let round = 0; round < rounds; round += 1) {
          for (const node of nodes) {
            const lost = await lostIn(
              node,
              held.filter(({ nodeId }) => nodeId === node),
            );
            const shouldStay = Object.values(before).flat();
            const ours = held.filter(({ nodeId }) => nodeId === node).map(({ connectionId }) => connectionId);
            const losers = ours.filter((id) => !shouldStay.includes(id));
            // After the last round every loser knows; none who stays has ever been told to go.
            expect(losers).toEqual(expect.arrayContaining(Object.keys(lost)));
            expect(round === rounds - 1 ? Object.keys(lost).toSorted() : losers.toSorted()).toEqual(
              losers.toSorted(),
            );
          }
        }
        expect(await locate()).toEqual(before);
      }
    });
  });

  describe.each(['replace', 'reject'] as const)('%s, many seeds', (policy) => {
    beforeEach(() => open(policy));

    it('leaves exactly one of several that come at the same instant on two nodes', async () => {
      const another = await store.openAnother();
      for (let seed = 1; seed <= SEEDS; seed += 1) {
        const random = new Random(seed);
        userId = aUser();
        const nodes = [here!, there!];
        const arrivals = Array.from({ length: random.int(2, 4) }, (_, i) => i % 2).map((place) => ({
          on: place === 0 ? store : another,
          arrival: aRegistration({
            userId,
            nodeId: nodes[place]!,
            deviceId: random.pick([undefined, aDevice()]),
          }),
        }));
        const outcomes = await Promise.all(
          arrivals.map(async ({ on, arrival }) => {
            if (random.chance(0.3)) await new Promise((resolve) => setImmediate(resolve));
            return on.mailbox.register(arrival, []);
          }),
        );
        const routes = Object.values(await locate()).flat();
        const replaced = outcomes.flatMap((outcome) =>
          'refused' in outcome ? [] : [...outcome.replaced.values()].flat(),
        );
        const isIn = (i: number): boolean => !('refused' in outcomes[i]!);
        const winners = arrivals.filter(
          ({ arrival }, i) => isIn(i) && !replaced.includes(arrival.connectionId),
        );
        expect({ seed, winners: winners.map(({ arrival }) => arrival.connectionId) }).toEqual({
          seed,
          winners: routes,
        });
        expect(routes).toHaveLength(1);
        const [accepted, gone] = policy === 'reject' ? [1, 0] : [arrivals.length, arrivals.length - 1];
        expect(outcomes.filter((_outcome, i) => isIn(i))).toHaveLength(accepted);
        expect(new Set(replaced).size).toBe(gone);
      }
      await another.close();
    });
  });
});

describe.each(stores)('where a user is, on $name', (kind) => {
  let store: OpenStore;
  let userId: UserId;
  beforeAll(async () => {
    store = await kind.open();
  });
  afterAll(() => store.close());
  beforeEach(() => {
    userId = aUser();
  });

  it('is what an append would say, and stores nothing', async () => {
    expect((await store.mailbox.locate(userId, [])).size).toBe(0);
    const [here, there] = [aNode(), aNode()];
    const one = await connect(store, { userId, nodeId: here });
    const two = await connect(store, { userId, nodeId: here, deviceId: PHONE });
    const three = await connect(store, { userId, nodeId: there });
    expect(plain(await store.mailbox.locate(userId, []))).toEqual({
      [here]: [one.connectionId, two.connectionId].sort(),
      [there]: [three.connectionId],
    });
    expect(plain(await store.mailbox.locate(userId, [there]))).toEqual({
      [here]: [one.connectionId, two.connectionId].sort(),
    });
    expect(await store.inboxes.summarise(userId, [CHAT])).toEqual([{ read: '0-0', unread: 0, last: '0-0' }]);
    expect(await store.faults.immortals()).toEqual([]);
  });

  it('an append that needs an account is not_found without one, and leaves nothing', async () => {
    const message = aMessage({ to: userId, needsAccount: true });
    await expect(store.mailbox.append(message, [])).rejects.toMatchObject({
      code: 'not_found',
      retryable: false,
    });
    expect(await store.inboxes.summarise(userId, [CHAT])).toEqual([{ read: '0-0', unread: 0, last: '0-0' }]);
    expect(await store.faults.immortals()).toEqual([]);
    expect((await store.mailbox.append({ ...message, needsAccount: false }, [])).prev).toBe('0-0');
    const member = aUser();
    await store.accounts.create(member, 'a hash');
    expect((await store.mailbox.append(aMessage({ to: member, needsAccount: true }), [])).prev).toBe('0-0');
  });

  it('is nowhere for connections that never registered', async () => {
    const ghost: ConnectionId = aConnection();
    await store.mailbox.unregister(userId, aNode(), [ghost], []);
    expect((await store.mailbox.locate(userId, [])).size).toBe(0);
  });
});
