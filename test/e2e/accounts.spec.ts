import { type BeelineNode, rest, type RestAnswer, startCluster, TestClient } from '../support';

const PASSWORD = 'correct horse battery staple';

describe('local accounts, on two nodes', () => {
  let a: BeelineNode;
  let b: BeelineNode;
  beforeAll(async () => {
    [a, b] = (await startCluster(2, {
      LOCAL_ACCOUNTS: 'on',
      JWT_ISSUER: 'beeline-test',
      JWT_AUDIENCE: 'clients',
    })) as [BeelineNode, BeelineNode];
  });
  afterAll(() => Promise.all([a.close(), b.close()]));

  const post = (node: BeelineNode, path: string, body: object): Promise<RestAnswer> =>
    rest(node, 'POST', `/auth/${path}`, { body });

  it('registers on one node, logs in on the other, and connects with either token', async () => {
    const registered = await post(a, 'register', { username: 'alice', password: PASSWORD });
    expect(registered).toMatchObject({ status: 201, body: { tokenType: 'Bearer', expiresIn: 900 } });
    const loggedIn = await post(b, 'login', { username: 'alice', password: PASSWORD });
    expect(loggedIn).toMatchObject({ status: 200, body: { tokenType: 'Bearer', expiresIn: 900 } });
    for (const { body } of [registered, loggedIn]) {
      const client = await TestClient.connect(a, 'alice', { token: String(body['accessToken']) });
      expect(client.session.userId).toBe('alice');
      client.close();
    }
  });

  it('answers with what no cache may keep', async () => {
    const credentials = { username: 'cached', password: PASSWORD };
    await post(a, 'register', credentials);
    const answers = await Promise.all([
      fetch(`${a.url}/auth/login`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(credentials),
      }),
      fetch(`${a.url}/inbox`),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 401]);
    for (const { headers } of answers) expect(headers.get('cache-control')).toBe('no-store');
  });

  it('gives a name once, also to two at the same instant', async () => {
    const both = await Promise.all(
      [a, b].map((node) => post(node, 'register', { username: 'twin', password: PASSWORD })),
    );
    expect(both.map(({ status }) => status).toSorted((x, y) => x - y)).toEqual([201, 409]);
    expect(both.find(({ status }) => status === 409)?.body).toMatchObject({
      code: 'conflict',
      retryable: false,
    });
  });

  it('answers an unknown name and a wrong password the same', async () => {
    await post(a, 'register', { username: 'bob', password: PASSWORD });
    const wrong = await post(a, 'login', { username: 'bob', password: 'not the password' });
    const unknown = await post(a, 'login', { username: 'nobody', password: 'not the password' });
    expect(wrong).toMatchObject({ status: 401, body: { code: 'unauthorized' } });
    expect(unknown).toEqual(wrong);
  });

  it('refreshes: a repeat gives the same pair, an older token ends the login', async () => {
    const first = await post(a, 'register', { username: 'carol', password: PASSWORD });
    const refresh = (node: BeelineNode, { body }: RestAnswer): Promise<RestAnswer> =>
      post(node, 'refresh', { refreshToken: body['refreshToken'] });

    const [second, again] = await Promise.all([refresh(a, first), refresh(b, first)]);
    expect(second).toMatchObject({
      status: 200,
      type: expect.stringContaining('application/json') as string,
    });
    expect(again.body).toEqual(second.body);
    const third = await refresh(b, second);
    expect(third.status).toBe(200);
    expect(third.body['refreshToken']).not.toBe(second.body['refreshToken']);

    expect(await refresh(a, first)).toMatchObject({ status: 401, body: { code: 'unauthorized' } });
    expect(await refresh(a, third)).toMatchObject({ status: 401, body: { code: 'unauthorized' } });
  });

  it('refuses a refresh token that it did not sign', async () => {
    const { body } = await post(a, 'register', { username: 'dave', password: PASSWORD });
    const [user, login, generation, mac] = String(body['refreshToken']).split('.');
    for (const refreshToken of [
      `${user}.${login}.${generation}.${mac}x`,
      `${user}.${login}.9.${mac}`,
      'x',
      '...',
    ]) {
      expect(await post(a, 'refresh', { refreshToken })).toMatchObject({
        status: 401,
        body: { code: 'unauthorized' },
      });
    }
    expect((await post(a, 'refresh', { refreshToken: body['refreshToken'] })).status).toBe(200);
  });
});

describe('without local accounts', () => {
  it('has no such routes', async () => {
    const [node] = (await startCluster(1, { LOCAL_ACCOUNTS: 'off' })) as [BeelineNode];
    const answer = await rest(node, 'POST', '/auth/login', {
      body: { username: 'alice', password: PASSWORD },
    });
    expect(answer).toMatchObject({ status: 404, body: { code: 'not_found' } });
    await node.close();
  });
});
