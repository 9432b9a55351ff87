import {
  type BeelineNode,
  closeNodes,
  rest,
  type RestAnswer,
  startCluster,
  startNode,
  TestClient,
  tokenFor,
  uniquePrefix,
  uniqueUser,
  waitUntil,
} from '../support';

const PASSWORD = 'correct horse battery staple';
const ANOTHER = 'another horse, another staple';

describe('a local account', () => {
  let a: BeelineNode;
  let b: BeelineNode;
  beforeAll(async () => {
    [a, b] = (await startCluster(2, {
      LOCAL_ACCOUNTS: 'on',
      SWEEP_INTERVAL_MS: '600000',
      RESERVED_NAMES: 'admin,support',
    })) as [BeelineNode, BeelineNode];
  });
  afterAll(async () => {
    TestClient.closeAll();
    await closeNodes(a, b);
  });

  const register = (username: string, node = a): Promise<RestAnswer> =>
    rest(node, 'POST', '/auth/register', { body: { username, password: PASSWORD } });
  const login = (username: string, password = PASSWORD): Promise<RestAnswer> =>
    rest(b, 'POST', '/auth/login', { body: { username, password } });
  const refresh = ({ body }: RestAnswer): Promise<RestAnswer> =>
    rest(a, 'POST', '/auth/refresh', { body: { refreshToken: body['refreshToken'] } });
  const tokenOf = ({ body }: RestAnswer): string => String(body['accessToken']);
  const works = async (answer: RestAnswer): Promise<boolean> =>
    (await rest(b, 'GET', '/presence/somebody', { token: tokenOf(answer) })).status === 200;

  it('is given another password by whoever knows the old one: every other login ends, that one goes on', async () => {
    const username = uniqueUser('alice');
    const [mine, other] = [await register(username), await login(username)];
    const [kept, lost] = [
      await TestClient.connect(a, username, { token: tokenOf(mine) }),
      await TestClient.connect(b, username, { token: tokenOf(other) }),
    ];
    const change = (password: string, newPassword: string) =>
      rest(b, 'POST', '/auth/password', { token: tokenOf(mine), body: { password, newPassword } });
    expect(await change('not the password', ANOTHER)).toMatchObject({
      status: 403,
      body: { code: 'forbidden' },
    });
    expect(await change(PASSWORD, 'short')).toMatchObject({ status: 400 });
    expect((await change(PASSWORD, ANOTHER)).status).toBe(204);

    await waitUntil('the other is told', () => lost.payloadsOf('session:end').length > 0);
    expect(lost.payloadsOf('session:end')).toEqual([expect.objectContaining({ reason: 'revoked' })]);
    expect([await works(mine), await works(other)]).toEqual([true, false]);
    expect((await refresh(other)).status).toBe(401);
    const refreshed = await refresh(mine);
    expect(refreshed.status).toBe(200);
    expect(await works(refreshed)).toBe(true);
    expect(kept.payloadsOf('session:end')).toEqual([]);
    expect((await login(username)).status).toBe(401);
    const again = await login(username, ANOTHER);
    expect(await works(again)).toBe(true);
  });

  it('that is disabled cannot log in, and its sessions end; enabled again it can', async () => {
    const username = uniqueUser('bob');
    const mine = await register(username);
    const client = await TestClient.connect(a, username, { token: tokenOf(mine) });
    const set = (user: string, body: object, scope = 'admin') =>
      rest(b, 'PUT', `/admin/users/${user}`, { token: tokenFor('operator', { scope }), body });
    expect((await set(username, { disabled: true }, 'send:any')).status).toBe(403);
    expect((await set(username, { disabled: 'yes' })).status).toBe(400);
    expect((await set(uniqueUser('nobody'), { disabled: true })).status).toBe(404);
    expect((await set(username, { disabled: true })).status).toBe(204);
    await waitUntil('its connection is ended', () => client.payloadsOf('session:end').length > 0);
    expect(await login(username)).toMatchObject({ status: 403, body: { code: 'forbidden' } });
    // Who does not know the password is told nothing.
    expect((await login(username, ANOTHER)).status).toBe(401);
    expect((await refresh(mine)).status).toBe(401);
    expect(await works(mine)).toBe(false);
    expect((await set(username, { disabled: false })).status).toBe(204);
    expect(await works(await login(username))).toBe(true);
  });

  it.each([
    ['reserved', 'admin'],
    ['reserved, in capitals', 'ADMIN'],
    ['like a reserved one, with a Cyrillic a', '\u0430dmin'],
    ['like a reserved one, with a dotless i', 'adm\u0131n'],
  ])('is not made under a name that is %s', async (_why, username) => {
    expect(await register(username)).toMatchObject({ status: 409, body: { code: 'conflict' } });
  });

  it('is not made under a name that looks like one that is taken, on whichever node', async () => {
    const tail = uniqueUser('x');
    expect((await register(`paul-${tail}`)).status).toBe(201);
    for (const alike of [`p\u0430ul-${tail}`, `Paul-${tail}`, `pau1-${tail}`, `pauI-${tail}`])
      expect(await register(alike, b)).toMatchObject({ status: 409, body: { code: 'conflict' } });
    expect((await register(`paula-${tail}`, b)).status).toBe(201);
  });

  it('is made with an invitation only where that is wanted, and not at all where nobody may', async () => {
    const shared = { REDIS_KEY_PREFIX: uniquePrefix(), LOCAL_ACCOUNTS: 'on', REGISTRATIONS_PER_HOUR: '2' };
    const inviting = await startNode({ ...shared, REGISTRATION: 'invite' });
    const closed = await startNode({ ...shared, REGISTRATION: 'off' });
    const withInvite = (node: BeelineNode, invite?: string) =>
      rest(node, 'POST', '/auth/register', {
        body: { username: uniqueUser('guest'), password: PASSWORD, ...(invite && { invite }) },
      });
    try {
      expect((await withInvite(inviting)).status).toBe(403);
      expect((await withInvite(inviting, 'made up')).status).toBe(401);
      expect((await withInvite(inviting, tokenFor('crm', { scope: 'send:any' }))).status).toBe(403);
      const invite = tokenFor('crm', { scope: 'register' });
      expect((await withInvite(closed, invite)).status).toBe(403);
      expect((await withInvite(inviting, invite)).status).toBe(201);
      expect((await withInvite(inviting, invite)).status).toBe(201);
      expect((await withInvite(inviting, invite)).status).toBe(429);
    } finally {
      await closeNodes(inviting, closed);
    }
  });
});
