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

const FORBIDDEN = { ok: false, error: { code: 'forbidden', retryable: false } };
const AWAY = { online: false, devices: 0, lastSeen: null };

describe('a user who blocks another, on three nodes', () => {
  let [a, b, c]: BeelineNode[] = [];
  let alice: string;
  let bob: string;
  beforeAll(async () => {
    [a, b, c] = await startTrio({ ...NO_SWEEPS, PRESENCE_DEBOUNCE_MS: '600000' });
  });
  afterEach(TestClient.closeAll);
  afterAll(() => closeNodes(a, b, c));
  beforeEach(() => {
    [alice, bob] = [uniqueUser('alice'), uniqueUser('bob')];
  });

  const nodes = (): BeelineNode[] => [a, b, c] as BeelineNode[];
  const on = (i: number): BeelineNode => nodes()[i] as BeelineNode;
  const seen = async (client: TestClient, user: string): Promise<unknown> => {
    const answer = (await client.request('presence:get', { users: [user] })) as unknown as {
      presence: Record<string, unknown>;
    };
    return answer.presence[user];
  };
  let ids = 0;
  const send = (client: TestClient, to: string) =>
    client.request('message:send', { to, body: 'hi', clientId: `c-${(ids += 1)}` });

  it('is sent nothing more by that one, by whichever node and door, from the answer on', async () => {
    const blocker = await TestClient.connect(on(0), alice);
    const blocked = await Promise.all(nodes().map((node) => TestClient.connect(node, bob)));
    await send(blocked[0] as TestClient, alice);
    expect(await blocker.request('block:set', { user: bob, blocked: true })).toEqual({
      ok: true,
      users: [bob],
    });
    for (const client of blocked) expect(await send(client, alice)).toMatchObject(FORBIDDEN);
    const body = { to: alice, body: 'hi', clientId: `c-${(ids += 1)}` };
    const token = tokenFor(bob);
    expect((await rest(on(1), 'POST', '/messages', { token, body })).status).toBe(403);
    const batch = await rest(on(2), 'POST', '/messages/batch', {
      token: tokenFor('crm', { scope: 'send:any' }),
      body: { messages: [{ ...body, from: bob }] },
    });
    // Another backend knows what it does.
    expect(batch.body['results']).toMatchObject([{ ok: true }]);
    // The other way nothing is refused.
    expect(await send(blocker, bob)).toMatchObject({ ok: true });
    expect(await blocker.request('block:set', { user: bob, blocked: false })).toEqual({
      ok: true,
      users: [],
    });
    for (const client of blocked) expect(await send(client, alice)).toMatchObject({ ok: true });
    await waitUntil('all but what was refused is here', () => blocker.payloadsOf('message').length === 5);
  });

  it('and the other see neither whether the other is here, nor when it was, nor that it types', async () => {
    const blocker = await TestClient.connect(on(0), alice);
    const blocked = await TestClient.connect(on(1), bob);
    expect(await seen(blocked, alice)).toMatchObject({ online: true });
    await blocker.request('presence:watch', { users: [bob] });
    await blocked.request('presence:watch', { users: [alice] });

    await rest(on(2), 'PUT', `/blocks/${bob}`, { token: tokenFor(alice) });
    const blockedAt = Date.now();
    expect([await seen(blocked, alice), await seen(blocker, bob)]).toEqual([AWAY, AWAY]);
    await waitUntil('who watches is told', () =>
      [blocker, blocked].every((client) => client.payloadsOf('presence').length > 0),
    );
    expect(blocked.payloadsOf('presence')).toEqual([{ userId: alice, ...AWAY }]);
    expect(blocker.payloadsOf('presence')).toEqual([{ userId: bob, ...AWAY }]);
    const typing = { typing: true };
    await waitUntil('a second is over', () => Date.now() - blockedAt > 1000);
    expect(await blocked.request('typing', { to: alice, ...typing })).toEqual({ ok: true });
    expect(await blocker.request('typing', { to: bob, ...typing })).toEqual({ ok: true });
    // A device more of each is told to nobody.
    const more = [await TestClient.connect(on(2), alice), await TestClient.connect(on(2), bob)];
    expect(await seen(more[0] as TestClient, bob)).toEqual(AWAY);
    expect([blocked, blocker].map((client) => client.payloadsOf('typing'))).toEqual([[], []]);

    expect(await rest(on(2), 'GET', '/blocks', { token: tokenFor(alice) })).toMatchObject({
      status: 200,
      body: { users: [bob] },
    });
    expect((await rest(on(1), 'DELETE', `/blocks/${bob}`, { token: tokenFor(alice) })).status).toBe(204);
    await waitUntil('who watches is told again', () =>
      [blocker, blocked].every((client) => client.payloadsOf('presence').length > 1),
    );
    expect(blocked.payloadsOf('presence')[1]).toMatchObject({ userId: alice, online: true, lastSeen: null });
    expect(await seen(blocker, bob)).toMatchObject({ online: true });
    await blocked.request('typing', { to: alice, ...typing });
    await waitUntil('typing comes', () => blocker.payloadsOf('typing').length === 1);
  });

  it.each([
    ['without a user', {}, 'bad_request'],
    ['with itself', { user: 'self', blocked: true }, 'bad_request'],
    ['with no user', { user: 'a/b', blocked: true }, 'bad_request'],
    ['with half a wish', { user: 'bob', blocked: 'yes' }, 'bad_request'],
  ])('is refused a block %s', async (_what, payload, code) => {
    const client = await TestClient.connect(on(0), alice);
    const self = 'user' in payload && payload.user === 'self' ? { ...payload, user: alice } : payload;
    expect(await client.request('block:set', self)).toMatchObject({ ok: false, error: { code } });
    expect(await client.request('block:get', {})).toEqual({ ok: true, users: [] });
  });
});
