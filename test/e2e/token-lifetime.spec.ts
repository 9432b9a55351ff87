import {
  type BeelineNode,
  closeNodes,
  startNode,
  TestClient,
  tokenFor,
  uniquePrefix,
  uniqueUser,
} from '../support';

describe('a token on a live connection', () => {
  let node: BeelineNode;
  beforeAll(async () => {
    node = await startNode({ REDIS_KEY_PREFIX: uniquePrefix() });
  });
  afterEach(TestClient.closeAll);
  afterAll(() => closeNodes(node));

  it('ends it when it runs out, and the client stays away', async () => {
    const user = uniqueUser('amy');
    const client = await TestClient.connect(node, user, { token: tokenFor(user, {}, 2000) });
    expect(await client.ended()).toBe('io server disconnect');
    expect(client.payloadsOf('session:end')).toEqual([{ reason: 'token_expired', reconnect: false }]);
  });

  it('can be traded for a fresh one of the same user, which keeps it', async () => {
    const user = uniqueUser('ben');
    const client = await TestClient.connect(node, user, { token: tokenFor(user, {}, 2000) });
    const fresh = await client.request('auth:refresh', { token: tokenFor(user, {}, 60_000) });
    expect(fresh).toMatchObject({ ok: true });
    const short = await TestClient.connect(node, uniqueUser('clock'), { token: tokenFor('clock', {}, 3000) });
    await short.ended();
    expect(client.socket.connected).toBe(true);
  });

  it.each([
    ["another user's", () => tokenFor(uniqueUser('eve'))],
    ['an expired one', () => tokenFor('zoe', {}, -5000)],
    ['no token', () => 'x.y.z'],
  ])('%s is refused, and changes nothing', async (_name, token) => {
    const client = await TestClient.connect(node, 'zoe');
    expect(await client.request('auth:refresh', { token: token() })).toMatchObject({
      ok: false,
      error: { code: 'unauthorized' },
    });
    expect(await client.request('auth:refresh', { token: 7 })).toMatchObject({
      error: { code: 'bad_request' },
    });
    expect(client.socket.connected).toBe(true);
  });
});
