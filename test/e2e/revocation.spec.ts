import { Revocations } from '../../src/auth';
import {
  closeNodes,
  rest,
  type RestAnswer,
  startTrio,
  TEST_SECRET,
  TestClient,
  tokenFor,
  type Trio,
  uniqueUser,
} from '../support';

const PASSWORD = 'correct horse battery staple';
const REFUSED = { status: 401, body: { code: 'unauthorized' } };

let nodes: Trio;
afterEach(() => closeNodes(...nodes));

/** What each node answers to this token. */
const statuses = async (token: string): Promise<number[]> =>
  Promise.all(nodes.map(async (node) => (await rest(node, 'GET', '/inbox', { token })).status));

describe('with accounts of our own, on three nodes', () => {
  let username: string;
  beforeEach(async () => {
    nodes = await startTrio({ LOCAL_ACCOUNTS: 'on' });
    username = uniqueUser('alice');
    await post('register');
  });

  const post = (path: string): Promise<RestAnswer> =>
    rest(nodes[0], 'POST', `/auth/${path}`, { body: { username, password: PASSWORD } });
  const login = async (): Promise<{ token: string; refreshToken: string }> => {
    const { body } = await post('login');
    return { token: String(body['accessToken']), refreshToken: String(body['refreshToken']) };
  };
  const refresh = (refreshToken: string): Promise<RestAnswer> =>
    rest(nodes[2], 'POST', '/auth/refresh', { body: { refreshToken } });
  const revokeUser = () =>
    nodes[0].app.get<Revocations>(Revocations, { strict: false }).revokeUser(username as never);

  it('a logout ends that login on every node at once, and no other', async () => {
    const [phone, laptop] = [await login(), await login()];
    expect(await statuses(phone.token)).toEqual([200, 200, 200]);
    expect(await rest(nodes[1], 'POST', '/auth/logout', { token: phone.token })).toMatchObject({
      status: 204,
    });
    expect(await statuses(phone.token)).toEqual([401, 401, 401]);
    expect(await refresh(phone.refreshToken)).toMatchObject(REFUSED);
    expect(await rest(nodes[1], 'POST', '/auth/logout', { token: phone.token })).toMatchObject(REFUSED);
    expect(await statuses(laptop.token)).toEqual([200, 200, 200]);
    expect((await refresh(laptop.refreshToken)).status).toBe(200);
  });

  it('the use of an old refresh token does what a logout does: connections and access tokens end, on every node', async () => {
    const [phone, laptop] = [await login(), await login()];
    const on = async (token: string): Promise<TestClient[]> =>
      Promise.all(nodes.map((node) => TestClient.connect(node, username, { token })));
    const [ended, staying] = [await on(phone.token), await on(laptop.token)];
    const second = await refresh(phone.refreshToken);
    const third = await refresh(String(second.body['refreshToken']));
    expect(await refresh(phone.refreshToken)).toMatchObject(REFUSED);
    for (const client of ended) expect(await client.ended()).toBe('io server disconnect');
    for (const { body } of [second, third])
      expect(await statuses(String(body['accessToken']))).toEqual([401, 401, 401]);
    expect(await refresh(String(third.body['refreshToken']))).toMatchObject(REFUSED);
    for (const client of staying) expect(client.socket.connected).toBe(true);
    expect(await statuses(laptop.token)).toEqual([200, 200, 200]);
    TestClient.closeAll();
  });

  it('the end of all sessions refuses all that there was, and a login right after it works', async () => {
    const [phone, laptop] = [await login(), await login()];
    await revokeUser();
    for (const old of [phone, laptop]) {
      expect(await statuses(old.token)).toEqual([401, 401, 401]);
      expect(await refresh(old.refreshToken)).toMatchObject(REFUSED);
    }
    const fresh = await login();
    expect(await statuses(fresh.token)).toEqual([200, 200, 200]);
    expect((await refresh(fresh.refreshToken)).status).toBe(200);
  });
});

describe('with an outside issuer, on three nodes', () => {
  beforeEach(async () => {
    nodes = await startTrio({ AUTH_SECRET: '', JWT_SECRET: TEST_SECRET });
  });

  it.each([{ sid: 'a/login:{of} theirs' }, { jti: 'token-1' }] as Record<string, string>[])(
    'a logout ends the login %j',
    async (claims) => {
      const user = uniqueUser('bob');
      const token = tokenFor(user, claims);
      const [other, anothers] = [tokenFor(user, { sid: 'other' }), tokenFor(uniqueUser('carol'), claims)];
      expect(await rest(nodes[0], 'POST', '/auth/logout', { token })).toMatchObject({ status: 204 });
      expect(await statuses(token)).toEqual([401, 401, 401]);
      for (const good of [other, anothers]) expect(await statuses(good)).toEqual([200, 200, 200]);
    },
  );

  it('a logout with a token that names no login refuses that token, and no other of the user', async () => {
    const user = uniqueUser('bob');
    const [token, other] = [tokenFor(user), tokenFor(user, { more: 'x' })];
    expect(await rest(nodes[0], 'POST', '/auth/logout', { token })).toMatchObject({ status: 204 });
    expect(await statuses(token)).toEqual([401, 401, 401]);
    expect(await statuses(other)).toEqual([200, 200, 200]);
  });
});
