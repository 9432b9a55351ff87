import { type BeelineNode, closeNodes, rest, startTrio, TestClient, tokenFor, uniqueUser } from '../support';

describe('promise 1: a repeated clientId', () => {
  let a: BeelineNode;
  let b: BeelineNode;
  let c: BeelineNode;
  let alice: string;
  let bob: string;

  beforeAll(async () => {
    [a, b, c] = await startTrio();
  });
  beforeEach(() => {
    alice = uniqueUser('alice');
    bob = uniqueUser('bob');
  });
  afterEach(TestClient.closeAll);
  afterAll(() => closeNodes(a, b, c));

  const post = (node: BeelineNode, body: object, headers: Record<string, string> = {}) =>
    rest(node, 'POST', '/messages', { token: tokenFor(alice), body: { to: bob, ...body }, headers });

  it('answers with the first id, offset and sentAt, stores nothing and pushes nothing', async () => {
    const onA = await TestClient.connect(a, alice);
    const onC = await TestClient.connect(c, alice);
    const receiver = await TestClient.connect(b, bob);
    const first = await onA.send(bob, 'one', 'c-1');
    const repeats = [await onA.send(bob, 'one', 'c-1'), await onC.send(bob, 'another body', 'c-1')];
    for (const repeat of repeats) expect(repeat).toEqual({ ...first, duplicate: true });
    await onA.send(bob, 'two', 'c-2');
    await receiver.receives(2);
    expect(receiver.bodies()).toEqual(['one', 'two']);
  });

  it('is stored once when many copies race, on all nodes and through both doors', async () => {
    const clients = await Promise.all([a, b, c].map((node) => TestClient.connect(node, alice)));
    const answers = await Promise.all([
      ...Array.from({ length: 12 }, (_, i) => clients[i % 3]?.send(bob, i, 'c-race')),
      ...[a, b, c].map(async (node) => (await post(node, { body: 'rest', clientId: 'c-race' })).body),
    ]);
    expect(
      new Set(answers.map((answer) => `${String(answer?.['id'])} ${String(answer?.['offset'])}`)).size,
    ).toBe(1);
    expect(answers.filter((answer) => answer?.['duplicate'] === false)).toHaveLength(1);
    const { body } = await rest(a, 'GET', '/inbox/chat', { token: tokenFor(bob) });
    expect(body['messages']).toHaveLength(1);
  });

  it('is the same message over REST: 201, then 200', async () => {
    const first = await post(a, { body: 'one', clientId: 'c-1' });
    const repeat = await post(b, { body: 'one', clientId: 'c-1' });
    expect(first).toMatchObject({ status: 201, body: { duplicate: false } });
    expect(repeat).toMatchObject({ status: 200, body: { ...first.body, duplicate: true } });
    expect(Object.keys(first.body).sort()).toEqual(['duplicate', 'id', 'offset', 'sentAt']);
  });

  it('may come as that header in quotes, which are no part of it', async () => {
    const bare = await post(a, { body: 'one' }, { 'Idempotency-Key': 'k-quoted' });
    const quoted = await post(b, { body: 'one' }, { 'Idempotency-Key': '"k-quoted"' });
    expect(quoted.status).toBe(200);
    expect(quoted.body).toEqual({ ...bare.body, duplicate: true });
  });

  it('may come as the header Idempotency-Key', async () => {
    const first = await post(a, { body: 'one' }, { 'Idempotency-Key': 'k-1' });
    const byHeader = await post(b, { body: 'one' }, { 'Idempotency-Key': 'k-1' });
    const byField = await post(c, { body: 'one', clientId: 'k-1' });
    expect(first.status).toBe(201);
    for (const repeat of [byHeader, byField]) {
      expect(repeat).toMatchObject({ status: 200, body: { id: first.body['id'], duplicate: true } });
    }
    const { body } = await rest(a, 'GET', '/inbox/chat', { token: tokenFor(bob) });
    expect((body['messages'] as { clientId: string }[]).map(({ clientId }) => clientId)).toEqual(['k-1']);
  });

  it('is one key for both doors', async () => {
    const sender = await TestClient.connect(a, alice);
    const first = await sender.send(bob, 'one', 'c-1');
    const repeat = await post(b, { body: 'one' }, { 'Idempotency-Key': 'c-1' });
    expect(repeat).toMatchObject({ status: 200, body: { id: first['id'], offset: first['offset'] } });
  });

  it('counts per sender, receiver and channel', async () => {
    const carol = uniqueUser('carol');
    const sender = await TestClient.connect(a, alice);
    const other = await TestClient.connect(a, carol);
    const answers = [
      await sender.send(bob, 1, 'c-1'),
      await sender.send(carol, 2, 'c-1'),
      await sender.send(bob, 3, 'c-1', { channel: 'notification' }),
      await other.send(bob, 4, 'c-1'),
    ];
    expect(answers.map(({ duplicate }) => duplicate)).toEqual([false, false, false, false]);
    expect(new Set(answers.map(({ id }) => id)).size).toBe(4);
  });

  it('is a message of its own each time where there is none', async () => {
    const answers = [await post(a, { body: 'same' }), await post(a, { body: 'same' })];
    expect(answers.map(({ status }) => status)).toEqual([201, 201]);
    expect(answers[0]?.body['id']).not.toBe(answers[1]?.body['id']);
  });
});
