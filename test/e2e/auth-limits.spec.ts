import { type BeelineNode, closeNodes, rest, type RestAnswer, startTrio, uniqueUser } from '../support';

const PASSWORD = 'correct horse battery staple';
const WRONG = 'not the password';
const PER_SITE = 10;
const OF_STRANGERS = 30;
const PER_ADDRESS = 300;
const REGISTRATIONS = 4;

let addresses = 0;
/** As the proxy in front of the nodes tells it. */
const anAddress = (): string => `198.51.100.${(addresses += 1)}`;

describe('attempts to get in, on three nodes behind a proxy', () => {
  let nodes: [BeelineNode, BeelineNode, BeelineNode];
  beforeAll(async () => {
    nodes = await startTrio({
      LOCAL_ACCOUNTS: 'on',
      TRUSTED_PROXIES: '1',
      REGISTRATIONS_PER_HOUR: `${REGISTRATIONS}`,
    });
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

  it('on one account, of strangers from wherever: so many, then rate_limited; who was here before is let in', async () => {
    const [username, home] = [uniqueUser('alice'), anAddress()];
    await post(0, 'register', { username, password: PASSWORD }, home);
    const tries = await Promise.all(
      Array.from({ length: OF_STRANGERS + 5 }, (_, i) => post(i, 'login', { username, password: WRONG })),
    );
    expect(tries.filter(({ status }) => status === 401)).toHaveLength(OF_STRANGERS);
    const refused = tries.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(5);
    for (const answer of refused) {
      expect(answer).toMatchObject(RATE_LIMITED);
      expect(answer.body['retryAfterMs']).toBeLessThanOrEqual(10_000);
      expect(answer.body['retryAfterMs']).toBeGreaterThan(0);
    }
    expect((await post(2, 'login', { username, password: PASSWORD }, home)).status).toBe(200);
    const other = await post(2, 'login', { username: uniqueUser('bob'), password: PASSWORD });
    expect(other.status).toBe(401);
  }, 60_000);

  it('with the right password count for nothing', async () => {
    const [username, address] = [uniqueUser('erin'), anAddress()];
    await post(0, 'register', { username, password: PASSWORD });
    for (let i = 0; i < PER_SITE + 2; i += 1)
      expect((await post(i, 'login', { username, password: PASSWORD }, address)).status).toBe(200);
  }, 60_000);

  it('from one place are answered before anything is hashed', async () => {
    const [username, address] = [uniqueUser('alice'), anAddress()];
    const tries = await Promise.all(
      Array.from({ length: 3 * PER_SITE }, async (_, i) => {
        const startedAt = performance.now();
        const { status } = await post(i, 'login', { username, password: PASSWORD }, address);
        return { status, tookMs: performance.now() - startedAt };
      }),
    );
    expect(tries.filter(({ status }) => status === 401)).toHaveLength(PER_SITE);
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
      Array.from({ length: 2 * PER_SITE }, (_, i) => post(i, 'login', { username, password: WRONG })),
    );
    const refreshed = await post(1, 'refresh', { refreshToken: body['refreshToken'] });
    expect(refreshed.status).toBe(200);
  });

  it('with made-up refresh tokens: so many from one address on all nodes together, and no password is the worse for it', async () => {
    const address = anAddress();
    const startedAt = performance.now();
    const answers = await Promise.all(
      Array.from({ length: PER_ADDRESS + 20 }, (_, i) =>
        post(i, 'refresh', { refreshToken: `made up ${i}` }, `203.0.113.${i}, ${address}`),
      ),
    );
    expect(answers.find(({ status }) => status === 429)).toMatchObject(RATE_LIMITED);
    // One a second comes back while they are under way.
    const refilled = Math.ceil((performance.now() - startedAt) / 1000);
    const through = answers.filter(({ status }) => status === 401).length;
    expect(through).toBeGreaterThanOrEqual(PER_ADDRESS);
    expect(through).toBeLessThanOrEqual(PER_ADDRESS + refilled);
    const login = { username: uniqueUser('dave'), password: PASSWORD };
    expect((await post(0, 'login', login, address)).status).toBe(401);
  });

  it('to make accounts: so many an hour from one address', async () => {
    const address = anAddress();
    const register = (i: number) =>
      post(i, 'register', { username: uniqueUser('many'), password: PASSWORD }, address);
    for (let i = 0; i < REGISTRATIONS; i += 1) expect((await register(i)).status).toBe(201);
    expect(await register(0)).toMatchObject(RATE_LIMITED);
    const elsewhere = await post(1, 'register', { username: uniqueUser('one'), password: PASSWORD });
    expect(elsewhere.status).toBe(201);
  });
});
