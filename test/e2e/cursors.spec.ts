import {
  type BeelineNode,
  closeNodes,
  rest,
  startNode,
  TestClient,
  tokenFor,
  uniquePrefix,
  uniqueUser,
} from '../support';

const FAR_AHEAD = '9999999999999999-0';

describe('cursors beyond the last message', () => {
  let node: BeelineNode;
  let sender: TestClient;
  let bob: string;
  beforeAll(async () => {
    node = await startNode({ REDIS_KEY_PREFIX: uniquePrefix() });
  });
  beforeEach(async () => {
    bob = uniqueUser('bob');
    sender = await TestClient.connect(node, uniqueUser('alice'));
  });
  afterEach(TestClient.closeAll);
  afterAll(() => closeNodes(node));

  const ack = (client: TestClient, offset: string) =>
    client.request('inbox:ack', { channel: 'chat', offset });
  const read = (client: TestClient, offset: string) =>
    client.request('inbox:read', { channel: 'chat', offset });

  it('count as the last that this connection was pushed', async () => {
    const client = await TestClient.connect(node, bob, { deviceId: 'phone' });
    const offsets = await sender.sendSeries(bob, 3);
    await client.receives(3);
    expect(await ack(client, FAR_AHEAD)).toMatchObject({ ok: true, delivered: offsets[2] });
    expect(await read(client, FAR_AHEAD)).toMatchObject({ ok: true, read: offsets[2], unread: 0 });
  });

  it("count as its replay's start where it was sent nothing, and as what it pulled", async () => {
    const [first, , third] = await sender.sendSeries(bob, 3);
    const token = tokenFor(bob);
    await rest(node, 'POST', '/inbox/sent/read', { token, body: { offset: 'last' } });
    // A page of `sent`, of which an unnamed device is replayed nothing: only what it pulls counts.
    const own = await TestClient.connect(node, bob);
    await own.send(sender.session.userId, 'copied', 'c-1', { copy: true });
    const copies = await rest(node, 'GET', '/inbox/sent?after=0-0', { token });
    const [copy] = copies.body['messages'] as { offset: string }[];
    const unnamed = await TestClient.connect(node, bob);
    expect(await unnamed.request('inbox:ack', { channel: 'sent', offset: FAR_AHEAD })).toMatchObject({
      delivered: copy?.offset,
    });
    expect(await ack(unnamed, FAR_AHEAD)).toMatchObject({ delivered: third });
    expect(await ack(unnamed, String(first))).toMatchObject({ delivered: third });
  });

  it('count as the last over REST, and `last` says so at both doors', async () => {
    const token = tokenFor(bob);
    const [first, second] = await sender.sendSeries(bob, 2);
    const body = { offset: FAR_AHEAD, deviceId: 'phone' };
    expect(await rest(node, 'POST', '/inbox/chat/ack', { token, body })).toMatchObject({
      status: 200,
      body: { delivered: second },
    });
    const tablet = { offset: 'last', deviceId: 'tablet' };
    expect((await rest(node, 'POST', '/inbox/chat/ack', { token, body: tablet })).body).toMatchObject({
      delivered: second,
    });
    expect(
      (await rest(node, 'POST', '/inbox/chat/read', { token, body: { offset: first } })).body,
    ).toMatchObject({
      unread: 1,
    });
    const client = await TestClient.connect(node, bob, { deviceId: 'laptop' });
    expect(await read(client, 'last')).toMatchObject({ ok: true, read: second, unread: 0 });
    expect(await ack(client, 'last')).toMatchObject({ ok: true, delivered: second });
    expect(await ack(client, 'latest')).toMatchObject({ ok: false, error: { code: 'bad_request' } });
  });
});

describe('the channel sent', () => {
  let node: BeelineNode;
  beforeAll(async () => {
    node = await startNode({ REDIS_KEY_PREFIX: uniquePrefix() });
  });
  afterEach(TestClient.closeAll);
  afterAll(() => closeNodes(node));

  it('has no unread, and an unnamed device is replayed nothing of it', async () => {
    const [alice, bob] = [uniqueUser('alice'), uniqueUser('bob')];
    const first = await TestClient.connect(node, alice);
    await first.sendSeries(bob, 3, { copy: true });
    const unnamed = await TestClient.connect(node, alice);
    expect(unnamed.session.channels['sent']).toMatchObject({ unread: 0 });
    expect(unnamed.payloadsOf('inbox:synced')).toContainEqual(
      expect.objectContaining({ channel: 'sent', count: 0 }),
    );
    expect(unnamed.messages).toEqual([]);
    const named = await TestClient.connect(node, alice, { deviceId: 'tablet' });
    expect(named.bodies()).toEqual([0, 1, 2]);
    const token = tokenFor(alice);
    expect((await rest(node, 'GET', '/inbox', { token })).body).toMatchObject({
      channels: { sent: { unread: 0 } },
    });
    const read = await rest(node, 'POST', '/inbox/sent/read', {
      token,
      body: { offset: named.messages[0]?.offset },
    });
    expect(read.body).toMatchObject({ unread: 0 });
  });
});
