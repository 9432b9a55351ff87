import {
  aGrant,
  aMessage,
  aNode,
  appendMany,
  aRegistration,
  aUser,
  CHAT,
  connect,
  NEWS,
  PHONE,
  register,
  storeIsPast,
  openLogin,
} from './fixtures';
import type { OpenStore } from './store-kind';
import { stores } from './stores';

describe.each(stores)('promise 6: what $name keeps', (kind) => {
  let store: OpenStore;
  beforeAll(async () => {
    store = await kind.open();
  });
  afterAll(() => store.close());

  it('goes away by itself, whatever is done, but for accounts and revocations of users', async () => {
    const userId = aUser();
    const node = aNode();
    const info = { name: 'n', version: '1', connections: 0, draining: false };
    await store.leases.take(node, 10_000, info);
    await store.leases.renew(node, 10_000, info);
    await store.channel.listen(node, { onPayload: () => {}, onRestored: () => {} });
    await store.accounts.create(userId, 'hash');
    await openLogin(store, userId, 'login', 10_000);
    await store.accounts.rotateLogin(userId, 'login', 1, 1000, 10_000);
    await store.revocations.revokeLogin(userId, 'login', 10_000);
    await store.revocations.revokeUser(userId);
    const grant = aGrant({ issuedAt: Number.MAX_SAFE_INTEGER });
    const held = await connect(store, { userId, nodeId: node, deviceId: PHONE, grant });
    const [first] = await appendMany(store, userId, 2);
    await store.mailbox.append(aMessage({ to: userId, channel: NEWS, receipt: true }), []);
    await store.presence.watch(userId, node, []);
    const { until } = await store.presence.watch(userId, aNode(), []);
    await store.presence.unwatch(userId, aNode(), until);
    await store.inboxes.moveDelivered(userId, CHAT, PHONE, first!.offset);
    await store.inboxes.moveRead(userId, CHAT, first!.offset);
    await store.mailbox.sweep(userId, node, [held], [CHAT, NEWS], []);
    await store.revocations.revokeLogin(userId, 'login', 10_000);
    await store.revocations.revokeUser(userId);
    await store.mailbox.sweep(userId, node, [held], [CHAT, NEWS], []);
    await store.rates.spend({ owner: userId, rate: 'r', cost: 1, intervalMs: 1000, burst: 1 });
    await store.rates.charge({ owner: userId, rate: 'r', cost: 1, intervalMs: 1000, burst: 1 });
    await store.contacts.admit(userId, aUser(), 10);
    expect(await store.faults.immortals()).toEqual([]);
  });

  it('lives as long as sweeps need it, however short messages live', async () => {
    const another = await kind.open({ INBOX_TTL_MS: '1000', SWEEP_INTERVAL_MS: '10000' });
    const [here, left] = [aUser(), aUser()];
    await connect(another, { userId: here });
    const { nodeId, connectionId } = await connect(another, { userId: left });
    await another.mailbox.unregister(left, nodeId, [connectionId], []);
    // Twice the life of messages, and more than what is added to a life so that it need not be renewed at each write.
    await storeIsPast(another, (await another.storeNow()) + 2500);
    const [online, offline] = await another.presence.look([here, left], []);
    expect(online).toMatchObject({ online: true, devices: 1 });
    expect(offline?.lastSeen).toEqual(expect.any(Number));
    expect((await another.mailbox.append(aMessage({ to: here }), [])).routes.size).toBe(1);
    await another.close();
  });

  it.each([
    ['a cursor moved', (user) => store.inboxes.moveRead(user, CHAT, '0-1' as never)],
    ['an ack of a device', (user) => store.inboxes.moveDelivered(user, CHAT, PHONE, '0-1' as never)],
    ['a node that watches', (user) => store.presence.watch(user, aNode(), [])],
    ['a message that has not found an account', sendsToNobody],
    ['a connection that leaves', leaves],
    ['a sweep that writes again', writesAgain],
    ['a node found dead by whoever looks', findsDead],
  ] satisfies [string, (user: ReturnType<typeof aUser>) => Promise<unknown>][])(
    'goes away by itself where all there is is %s',
    async (_what, act) => {
      const user = aUser();
      await act(user);
      expect(await store.faults.immortals()).toEqual([]);
    },
  );

  async function sendsToNobody(user: ReturnType<typeof aUser>): Promise<void> {
    const message = aMessage({ to: user, needsAccount: true });
    await expect(store.mailbox.append(message, [])).rejects.toMatchObject({ code: 'not_found' });
  }

  async function leaves(user: ReturnType<typeof aUser>): Promise<void> {
    const { nodeId, connectionId } = await connect(store, { userId: user });
    await store.mailbox.unregister(user, nodeId, [connectionId], []);
  }

  async function writesAgain(user: ReturnType<typeof aUser>): Promise<void> {
    const held = await connect(store, { userId: user });
    await store.faults.losePresence(user);
    await store.faults.loseState(user);
    await store.mailbox.sweep(user, held.nodeId, [held], [CHAT], []);
  }

  async function findsDead(user: ReturnType<typeof aUser>): Promise<void> {
    const registration = aRegistration({ userId: user });
    await register(store, registration);
    await store.presence.look([user], [registration.nodeId]);
  }
});
