import { type BeelineNode, closeNodes, rest, type RestAnswer, startTrio, uniqueUser } from '../support';

const PASSWORD = 'correct horse battery staple';
const PER_ACCOUNT = 10;
const PER_ADDRESS = 300;

let addresses = 0;
/** As the proxy in front of the nodes tells it. */
const anAddress = (): string => `198.51.100.${(addresses += 1)}`;

describe('attempts to get in, on three nodes behind a proxy', () => {
  let nodes: [BeelineNode, BeelineNode, BeelineNode];
  beforeAll(async () => {
    nodes = await startTrio({ LOCAL_ACCOUNTS: 'on', TRUSTED_PROXIES: '1' });
  });
  afterAll(() => closeNodes(...nodes));

  const post = (i: number, path: string, body: object, address = anAddress()): Promise<RestAnswer> =>
    rest(nodes[i % 3] ?? nodes[0], 'POST', `/auth/${path}`, {
      body,
      headers: { 'x-forwarded-for': address },
    });
  const RATE_LIMITED = {
    status: 429,
    body: { code: 'rate_limited', retryable: true, retryAfterMs: expect.any(Number) as number },
  };

  it('on one account, from wherever: so many, then rate_limited, with the right password too', async () => {
    const username = uniqueUser('alice');
    await post(0, 'register', { username, password: PASSWORD });
    for (let i = 1; i < PER_ACCOUNT; i += 1) {
      expect((await post(i, 'login', { username, password: 'not the password' })).status).toBe(401);
    }
    const refused = await post(1, 'login', { username, password: PASSWORD });
    expect(refused).toMatchObject(RATE_LIMITED);
    expect(refused.body['retryAfterMs']).toBeLessThanOrEqual(30_000);
    expect(refused.body['retryAfterMs']).toBeGreaterThan(0);
    const other = await post(2, 'login', { username: uniqueUser('bob'), password: PASSWORD });
    expect(other.status).toBe(401);
  });

  it('is answered before anything is hashed', async () => {
    const username = uniqueUser('alice');
    const tries = await Promise.all(
      Array.from({ length: 3 * PER_ACCOUNT }, async (_, i) => {
        const startedAt = performance.now();
        const { status } = await post(i, 'login', { username, password: PASSWORD });
        return { status, tookMs: performance.now() - startedAt };
      }),
    );
    expect(tries.filter(({ status }) => status === 401)).toHaveLength(PER_ACCOUNT);
    const slowestRefusal = Math.max(
      ...tries.filter(({ status }) => status === 429).map(({ tookMs }) => tookMs),
    );
    const slowestTry = Math.max(...tries.filter(({ status }) => status === 401).map(({ tookMs }) => tookMs));
    expect(slowestRefusal).toBeLessThan(slowestTry);
  });

  it('does not end the logins that an attacked account has', async () => {
    const username = uniqueUser('carol');
    const { body } = await post(0, 'register', { username, password: PASSWORD });
    await Promise.all(
      Array.from({ length: 2 * PER_ACCOUNT }, (_, i) =>
        post(i, 'login', { username, password: 'not the password' }),
      ),
    );
    const refreshed = await post(1, 'refresh', { refreshToken: body['refreshToken'] });
    expect(refreshed.status).toBe(200);
  });

  it('from one address, whatever the account and the way: so many on all nodes together', async () => {
    const address = anAddress();
    const startedAt = performance.now();
    const answers = await Promise.all(
      Array.from({ length: PER_ADDRESS + 20 }, (_, i) =>
        post(i, 'refresh', { refreshToken: `made up ${i}` }, `203.0.113.${i}, ${address}`),
      ),
    );
    expect(answers.find(({ status }) => status === 429)).toMatchObject(RATE_LIMITED);
    const login = { username: uniqueUser('dave'), password: PASSWORD };
    const logins = [await post(0, 'login', login, address), await post(0, 'login', login, address)];
    expect(logins.find(({ status }) => status === 429)).toMatchObject(RATE_LIMITED);
    // One a second comes back while they are under way: that many more, refreshes and logins together.
    const refilled = Math.ceil((performance.now() - startedAt) / 1000);
    const through = [...answers, ...logins].filter(({ status }) => status === 401).length;
    expect(through).toBeGreaterThanOrEqual(PER_ADDRESS);
    expect(through).toBeLessThanOrEqual(PER_ADDRESS + refilled);
    expect((await post(0, 'login', login)).status).toBe(401);
  });
});
