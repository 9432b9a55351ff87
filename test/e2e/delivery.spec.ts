import {
  type BeelineNode,
  closeNodes,
  rest,
  startTrio,
  TestClient,
  tokenFor,
  uniqueUser,
  aNumber,
  textLike,
  NO_SWEEPS,
} from '../support';

describe('three nodes on one Redis', () => {
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

  it('carries a message from the sender on one node to the receiver on another', async () => {
    const sender = await TestClient.connect(a, alice);
    const receiver = await TestClient.connect(b, bob);
    const answer = await sender.send(bob, { text: 'hi' }, 'c-1');
    expect(answer).toEqual({
      ok: true,
      id: textLike(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
      offset: textLike(/^\d{1,16}-\d{1,16}$/),
      sentAt: aNumber(),
      duplicate: false,
    });
    const [message] = await receiver.receives(1);
    expect(message).toEqual({
      id: answer['id'],
      channel: 'chat',
      from: alice,
      to: bob,
      body: { text: 'hi' },
      clientId: 'c-1',
      sentAt: answer['sentAt'],
      offset: answer['offset'],
    });
    expect(sender.messages).toEqual([]);
  });

  it('carries a message to a receiver on the same node', async () => {
    const sender = await TestClient.connect(a, alice);
    const receiver = await TestClient.connect(a, bob);
    await sender.send(bob, 'next door', 'c-1');
    const [message] = await receiver.receives(1);
    expect(message).toMatchObject({ from: alice, to: bob, body: 'next door' });
  });

  it('carries a message to oneself', async () => {
    const client = await TestClient.connect(a, alice);
    await client.send(alice, 'note to self', 'c-1');
    const [message] = await client.receives(1);
    expect(message).toMatchObject({ from: alice, to: alice, body: 'note to self' });
  });

  it('promise 2: brings every device of the receiver each message once and in order, whichever node each is on', async () => {
    const sender = await TestClient.connect(c, alice);
    const devices = await Promise.all([
      TestClient.connect(a, bob, { deviceId: 'phone' }),
      TestClient.connect(b, bob, { deviceId: 'laptop' }),
      TestClient.connect(b, bob),
      TestClient.connect(c, bob, { deviceId: 'tablet' }),
    ]);
    const offsets = await sender.sendSeries(bob, 10);
    for (const device of devices) {
      await device.receives(10);
      expect(device.messages.map(({ offset }) => offset)).toEqual(offsets);
    }
    await sender.send(bob, 'last', 'c-last');
    for (const device of devices) {
      await device.receives(11);
      expect(device.bodies()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 'last']);
    }
  });

  it('keeps channels apart: each has an inbox and an order of its own', async () => {
    const sender = await TestClient.connect(a, alice);
    const receiver = await TestClient.connect(b, bob);
    await sender.send(bob, 'talk', 'c-1');
    await sender.send(bob, 'ping', 'c-1', { channel: 'notification' });
    await receiver.receives(2);
    expect(receiver.bodies('chat')).toEqual(['talk']);
    expect(receiver.bodies('notification')).toEqual(['ping']);
    const { body } = await rest(b, 'GET', '/inbox', { token: tokenFor(bob) });
    expect(body['channels']).toMatchObject({
      chat: { unread: 1 },
      notification: { unread: 1 },
      sent: { unread: 0 },
    });
  });

  it.each([
    ['null', null],
    ['false', false],
    ['zero', 0],
    ['an empty string', ''],
    ['text beyond ASCII', 'Grüße 🐝 \u2028 "quoted" \\ back'],
    ['a nested object', { list: [1, [2, { three: null }]], flag: true }],
    ['a key called __proto__', JSON.parse('{"__proto__":{"admin":true}}') as unknown],
    ['what looks like a placeholder of binary data', { _placeholder: true, num: 0 }],
  ])('carries any JSON body as it is: %s', async (_name, sent) => {
    const sender = await TestClient.connect(a, alice);
    const receiver = await TestClient.connect(b, bob);
    await sender.send(bob, sent, 'c-1');
    const [message] = await receiver.receives(1);
    expect(JSON.stringify(message?.body)).toBe(JSON.stringify(sent));
    const { body } = await rest(c, 'GET', '/inbox/chat', { token: tokenFor(bob) });
    expect(JSON.stringify((body['messages'] as { body: unknown }[])[0]?.body)).toBe(JSON.stringify(sent));
  });

  it('takes ids in whatever Unicode form they come, and means the same user', async () => {
    const composed = `${bob}-é`.normalize('NFC');
    const sender = await TestClient.connect(a, alice);
    const receiver = await TestClient.connect(b, composed);
    await sender.send(composed.normalize('NFD'), 'same', 'c-1');
    const [message] = await receiver.receives(1);
    expect(message?.to).toBe(composed);
  });

  it('pushes what was sent over REST, at once', async () => {
    const receiver = await TestClient.connect(b, bob);
    const { status, body } = await rest(a, 'POST', '/messages', {
      token: tokenFor(alice),
      body: { to: bob, body: 'by post', channel: 'notification', receipt: true },
    });
    expect(status).toBe(201);
    const [message] = await receiver.receives(1);
    expect(message).toEqual({
      id: body['id'],
      channel: 'notification',
      from: alice,
      to: bob,
      body: 'by post',
      receipt: true,
      sentAt: body['sentAt'],
      offset: body['offset'],
    });
  });

  describe('a backend that may send for others', () => {
    it('sends on behalf of a user', async () => {
      const receiver = await TestClient.connect(b, bob);
      const token = tokenFor('crm', { scope: 'read send:any' });
      const { status } = await rest(a, 'POST', '/messages', {
        token,
        body: { from: alice, to: bob, body: 1 },
      });
      expect(status).toBe(201);
      const [message] = await receiver.receives(1);
      expect(message?.from).toBe(alice);
    });

    it('needs the scope, which is a word of its own and not a part of one', async () => {
      for (const scope of [undefined, 'send', 'send:any2', 'xsend:any', 'admin']) {
        const token = tokenFor('crm', scope === undefined ? {} : { scope });
        const { status, body } = await rest(a, 'POST', '/messages', {
          token,
          body: { from: alice, to: bob, body: 1 },
        });
        expect({ scope, status, code: body['code'] }).toEqual({ scope, status: 403, code: 'forbidden' });
      }
    });

    it('is of no use on a socket: there a user sends as itself', async () => {
      const sender = await TestClient.connect(a, 'crm', { token: tokenFor('crm', { scope: 'send:any' }) });
      const receiver = await TestClient.connect(b, bob);
      await sender.send(bob, 1, 'c-1', { from: alice });
      const [message] = await receiver.receives(1);
      expect(message?.from).toBe('crm');
    });
  });

  describe('copy: true', () => {
    it("puts the message under the same id into the sender's channel `sent`, on every device of the sender", async () => {
      const sender = await TestClient.connect(a, alice);
      const otherDevice = await TestClient.connect(c, alice);
      const receiver = await TestClient.connect(b, bob);
      const answer = await sender.send(bob, 'hi', 'c-1', { copy: true });
      for (const device of [sender, otherDevice]) {
        const [copy] = await device.receives(1);
        expect(copy).toMatchObject({
          id: answer['id'],
          channel: 'sent',
          from: alice,
          to: bob,
          body: 'hi',
          clientId: 'c-1',
        });
      }
      const [message] = await receiver.receives(1);
      expect(message).toMatchObject({ id: answer['id'], channel: 'chat', offset: answer['offset'] });
    });

    it('stores no second copy when the send is repeated', async () => {
      const sender = await TestClient.connect(a, alice);
      await sender.send(bob, 'hi', 'c-1', { copy: true });
      await sender.send(bob, 'hi', 'c-1', { copy: true });
      const { body } = await rest(a, 'GET', '/inbox/sent', { token: tokenFor(alice) });
      expect(body['messages']).toHaveLength(1);
    });

    it('works over REST too', async () => {
      const sender = await TestClient.connect(a, alice);
      const answer = await rest(b, 'POST', '/messages', {
        token: tokenFor(alice),
        body: { to: bob, body: 'hi', copy: true },
      });
      const [copy] = await sender.receives(1);
      expect(copy).toMatchObject({ id: answer.body['id'], channel: 'sent', to: bob });
    });

    it('is not made where it is not asked for', async () => {
      const sender = await TestClient.connect(a, alice);
      await sender.send(bob, 'hi', 'c-1');
      const { body } = await rest(a, 'GET', '/inbox', { token: tokenFor(alice) });
      expect(body['channels']).toMatchObject({ sent: { last: '0-0' } });
    });
  });
});
