import {
  type BeelineNode,
  closeNodes,
  NO_SWEEPS,
  rest,
  startTrio,
  TestClient,
  tokenFor,
  uniqueUser,
  waitUntil,
} from '../support';

describe('receipts and what a user reads', () => {
  let a: BeelineNode;
  let b: BeelineNode;
  let c: BeelineNode;
  let alice: string;
  let bob: string;

  beforeAll(async () => {
    [a, b, c] = await startTrio(NO_SWEEPS);
  });
  beforeEach(() => {
    alice = uniqueUser('alice');
    bob = uniqueUser('bob');
  });
  afterEach(TestClient.closeAll);
  afterAll(() => closeNodes(a, b, c));

  const told = (client: TestClient, count: number): Promise<void> =>
    waitUntil(`${count} receipts have come`, () => client.payloadsOf('receipt').length >= count);

  it('come to every device of the sender, delivered and then read, each for the latest message covered', async () => {
    const phone = await TestClient.connect(a, alice, { deviceId: 'phone' });
    const laptop = await TestClient.connect(c, alice, { deviceId: 'laptop' });
    const receiver = await TestClient.connect(b, bob, { deviceId: 'tab' });
    const [, , third] = await phone.sendSeries(bob, 3, { receipt: true });
    await receiver.receives(3);
    await receiver.request('inbox:ack', { channel: 'chat', offset: third });
    await Promise.all([told(phone, 1), told(laptop, 1)]);
    const about = { channel: 'chat', peer: bob, offset: third };
    expect(phone.payloadsOf('receipt')).toEqual([{ ...about, state: 'delivered' }]);
    expect(laptop.payloadsOf('receipt')).toEqual([{ ...about, state: 'delivered' }]);
    await receiver.request('inbox:read', { channel: 'chat', offset: third });
    await Promise.all([told(phone, 2), told(laptop, 2)]);
    expect(phone.payloadsOf('receipt').at(-1)).toEqual({ ...about, state: 'read' });
  });

  it('come for acks and reads over REST, for a `since`, and for the furthest device alone', async () => {
    const sender = await TestClient.connect(a, alice);
    const [first, second, third] = await sender.sendSeries(bob, 3, { receipt: true });
    const token = tokenFor(bob);
    await rest(b, 'POST', '/inbox/chat/ack', { token, body: { offset: first, deviceId: 'phone' } });
    await told(sender, 1);
    await rest(b, 'POST', '/inbox/chat/ack', { token, body: { offset: first, deviceId: 'laptop' } });
    await TestClient.connect(c, bob, { deviceId: 'laptop', since: { chat: second } });
    await told(sender, 2);
    await rest(b, 'POST', '/inbox/chat/read', { token, body: { offset: third } });
    await told(sender, 3);
    expect(sender.payloadsOf('receipt')).toEqual([
      { channel: 'chat', peer: bob, state: 'delivered', offset: first },
      { channel: 'chat', peer: bob, state: 'delivered', offset: second },
      { channel: 'chat', peer: bob, state: 'read', offset: third },
    ]);
  });

  it('come to nobody who has not asked', async () => {
    const asks = await TestClient.connect(a, alice);
    const does = await TestClient.connect(a, uniqueUser('carol'));
    const receiver = await TestClient.connect(b, bob);
    await does.send(bob, 'no receipt', 'c-1');
    const { offset } = await asks.send(bob, 'receipt', 'c-2', { receipt: true });
    await receiver.receives(2);
    await receiver.request('inbox:ack', { channel: 'chat', offset });
    await told(asks, 1);
    expect(does.payloadsOf('receipt')).toEqual([]);
  });

  it('can be asked for: one`s own messages only, in the order of the question', async () => {
    const sender = await TestClient.connect(a, alice);
    const other = await TestClient.connect(c, uniqueUser('eve'));
    const [first, second, third] = await sender.sendSeries(bob, 3);
    const token = tokenFor(bob);
    await rest(b, 'POST', '/inbox/chat/ack', { token, body: { offset: second, deviceId: 'phone' } });
    await rest(b, 'POST', '/inbox/chat/read', { token, body: { offset: first } });
    const messages = [third, first, second, '1-0'].map((offset) => ({ to: bob, channel: 'chat', offset }));
    const answer = await sender.request('receipts:get', { messages });
    expect(answer).toEqual({
      ok: true,
      receipts: ['sent', 'read', 'delivered', null].map((state, i) => ({ ...messages[i], state })),
    });
    expect(await other.request('receipts:get', { messages })).toMatchObject({
      receipts: messages.map(() => ({ state: null })),
    });
  });

  it('of the read cursor reach the reader`s other connections, and not the one that moved it', async () => {
    const sender = await TestClient.connect(a, alice);
    const one = await TestClient.connect(a, bob);
    const two = await TestClient.connect(b, bob);
    const [first, second] = await sender.sendSeries(bob, 2);
    await one.request('inbox:read', { channel: 'chat', offset: first });
    await waitUntil('the other is told', () => two.payloadsOf('inbox:read').length > 0);
    expect(two.payloadsOf('inbox:read')).toEqual([{ channel: 'chat', read: first, unread: 1 }]);
    await rest(c, 'POST', '/inbox/chat/read', { token: tokenFor(bob), body: { offset: second } });
    await waitUntil('both are told', () =>
      [one, two].every((client) => client.payloadsOf('inbox:read').length > (client === two ? 1 : 0)),
    );
    expect(one.payloadsOf('inbox:read')).toEqual([{ channel: 'chat', read: second, unread: 0 }]);
  });

  it('second devices see both halves of a conversation: copies in `sent`', async () => {
    const one = await TestClient.connect(a, alice);
    const two = await TestClient.connect(b, alice);
    const { id } = await one.send(bob, 'both halves', 'c-1', { copy: true });
    await Promise.all([one.receives(1), two.receives(1)]);
    for (const { messages } of [one, two]) {
      expect(messages).toMatchObject([{ id, channel: 'sent', from: alice, to: bob, body: 'both halves' }]);
    }
  });
});
