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

type Result = { ok: boolean; error?: { code: string } };

describe('POST /messages/batch', () => {
  let node: BeelineNode;
  let alice: string;
  let bob: string;
  beforeAll(async () => {
    node = await startNode({
      REDIS_KEY_PREFIX: uniquePrefix(),
      SEND_RATE_PER_SECOND: '5',
      BACKEND_SEND_RATE_PER_SECOND: '1000',
    });
  });
  beforeEach(() => {
    alice = uniqueUser('alice');
    bob = uniqueUser('bob');
  });
  afterEach(TestClient.closeAll);
  afterAll(() => closeNodes(node));

  const backendOf = (user: string) => tokenFor(user, { scope: 'send:any' });
  const batch = (token: string, messages: unknown) =>
    rest(node, 'POST', '/messages/batch', { token, body: { messages } });
  const bodiesOf = async (user: string): Promise<unknown[]> => {
    const { body } = await rest(node, 'GET', '/inbox/chat?after=0-0&limit=200', { token: tokenFor(user) });
    return (body['messages'] as { body: unknown }[]).map((message) => message.body);
  };

  it('stores 500 messages in their order, on behalf of others, and answers in that order', async () => {
    const messages = Array.from({ length: 500 }, (_, i) => ({
      from: alice,
      to: i % 5 === 0 ? uniqueUser('other') : bob,
      body: i,
      clientId: `b-${i}`,
    }));
    const receiver = await TestClient.connect(node, bob);
    const { status, body } = await batch(backendOf('crm'), messages);
    expect(status).toBe(200);
    expect((body['results'] as Result[]).map(({ ok }) => ok)).toEqual(messages.map(() => true));
    await receiver.receives(400);
    expect(receiver.bodies()).toEqual(messages.filter(({ to }) => to === bob).map((message) => message.body));
    expect(receiver.messages[0]).toMatchObject({ from: alice, to: bob });
    const again = await batch(backendOf('crm'), messages.slice(1, 3));
    expect(again.body['results']).toMatchObject([{ duplicate: true }, { duplicate: true }]);
  });

  it('lets each stand for itself', async () => {
    const good = { to: bob, body: 'good' };
    const { status, body } = await batch(tokenFor(alice), [
      good,
      { to: bob },
      null,
      { ...good, from: bob },
      { ...good, channel: 'nowhere' },
      { ...good, body: 'last' },
    ]);
    expect(status).toBe(200);
    const results = body['results'] as Result[];
    expect(results.map(({ ok, error }) => (ok ? 'ok' : error?.code))).toEqual([
      'ok',
      'bad_request',
      'bad_request',
      'forbidden',
      'not_found',
      'ok',
    ]);
    expect(results[0]).toEqual({
      ok: true,
      id: expect.any(String) as string,
      offset: expect.any(String) as string,
      sentAt: expect.any(Number) as number,
      duplicate: false,
    });
    expect(await bodiesOf(bob)).toEqual(['good', 'last']);
  });

  it('costs one of the rate per message: the rest is rate_limited', async () => {
    const messages = Array.from({ length: 20 }, (_, i) => ({ to: bob, body: i }));
    const { body } = await batch(tokenFor(alice), messages);
    const results = body['results'] as Result[];
    const accepted = results.filter(({ ok }) => ok).length;
    expect(accepted).toBeGreaterThanOrEqual(10);
    expect(accepted).toBeLessThan(20);
    expect(results.at(-1)).toMatchObject({ ok: false, error: { code: 'rate_limited' } });
    expect((await bodiesOf(bob)).length).toBe(accepted);
  });

  it('gives a backend a rate of its own, which it is told', async () => {
    const client = await TestClient.connect(node, uniqueUser('crm'), { token: backendOf(uniqueUser('crm')) });
    expect(client.session.limits.sendRatePerSecond).toBe(1000);
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, i) =>
        client.request('message:send', { to: bob, body: i, clientId: `c-${i}` }),
      ),
    );
    expect(answers.every(({ ok }) => ok)).toBe(true);
  });

  it.each([
    ['nothing', undefined],
    ['no messages', []],
    ['501 messages', Array.from({ length: 501 }, () => ({ to: 'bob', body: 1 }))],
    ['an object', { 0: { to: 'bob', body: 1 } }],
  ])('refuses %s as a whole', async (_what, messages) => {
    const answer = await batch(tokenFor(alice), messages);
    expect(answer).toMatchObject({ status: 400, body: { code: 'bad_request' } });
  });

  it('refuses more than 1 MiB as a whole', async () => {
    const answer = await batch(
      tokenFor(alice),
      Array.from({ length: 100 }, () => ({ to: bob, body: 'x'.repeat(11_000) })),
    );
    expect(answer).toMatchObject({ status: 413, body: { code: 'too_large' } });
    expect(await bodiesOf(bob)).toEqual([]);
  });
});
