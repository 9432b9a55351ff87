import { type BeelineNode, closeNodes, rest, startTrio, TestClient, tokenFor, uniqueUser } from '../support';

const RATE = 10;
const BURST = 2 * RATE;
const NEW_RECEIVERS = 5;

interface Refusal {
  ok: boolean;
  error?: { code: string; retryable: boolean; retryAfterMs?: number };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('limits of sending, on three nodes', () => {
  let nodes: [BeelineNode, BeelineNode, BeelineNode];
  let alice: string;
  let bob: string;

  beforeAll(async () => {
    nodes = await startTrio({
      SEND_RATE_PER_SECOND: `${RATE}`,
      BACKEND_SEND_RATE_PER_SECOND: `${RATE}`,
      NEW_RECEIVERS_PER_HOUR: `${NEW_RECEIVERS}`,
    });
  });
  beforeEach(() => {
    alice = uniqueUser('alice');
    bob = uniqueUser('bob');
  });
  afterEach(TestClient.closeAll);
  afterAll(() => closeNodes(...nodes));

  const send = async (client: TestClient, to: string, body: unknown = 'hi'): Promise<Refusal> =>
    (await client.request('message:send', { to, body, clientId: uniqueUser('c') })) as Refusal;
  const post = (node: BeelineNode, to: string, claims = {}, body = {}) =>
    rest(node, 'POST', '/messages', { token: tokenFor(alice, claims), body: { to, body: 'hi', ...body } });

  it('one rate for REST and every connection of a node, with a retryAfterMs that is true', async () => {
    const [a] = nodes;
    const [phone, laptop] = [await TestClient.connect(a, alice), await TestClient.connect(a, alice)];
    const startedAt = performance.now();
    const answers = await Promise.all(
      Array.from({ length: 3 * BURST }, async (_, i) => {
        if (i % 3 === 2) return (await post(a, bob)).status === 201;
        return (await send(i % 3 === 0 ? phone : laptop, bob)).ok;
      }),
    );
    const elapsedS = (performance.now() - startedAt) / 1000;
    const accepted = answers.filter((ok) => ok).length;
    expect(accepted).toBeGreaterThanOrEqual(BURST);
    expect(accepted).toBeLessThanOrEqual(BURST + Math.ceil(elapsedS * RATE));

    let refused = await send(phone, bob);
    while (refused.ok) refused = await send(phone, bob);
    expect(refused.error).toMatchObject({ code: 'rate_limited', retryable: true });
    const retryAfterMs = refused.error?.retryAfterMs ?? Number.NaN;
    expect(retryAfterMs).toBeGreaterThan(0);
    expect(retryAfterMs).toBeLessThanOrEqual(1000 / RATE);
    await pause(retryAfterMs);
    expect((await send(laptop, bob)).ok).toBe(true);
  });

  it('over REST it is 429 with Retry-After', async () => {
    const [a] = nodes;
    const answers = await Promise.all(Array.from({ length: 3 * BURST }, () => post(a, bob)));
    const refused = answers.find(({ status }) => status === 429);
    expect(refused).toMatchObject({
      type: expect.stringContaining('application/problem+json') as string,
      body: { code: 'rate_limited', retryable: true, retryAfterMs: expect.any(Number) as number },
    });
  });

  it('is of the user: others are not slowed', async () => {
    const [a] = nodes;
    const hasty = await TestClient.connect(a, alice);
    const other = await TestClient.connect(a, uniqueUser('carol'));
    await Promise.all(Array.from({ length: 2 * BURST }, () => send(hasty, bob)));
    expect((await send(other, bob)).ok).toBe(true);
  });

  it('what is not valid costs nothing', async () => {
    const client = await TestClient.connect(nodes[0], alice);
    for (let i = 0; i < 2 * BURST; i += 1) await client.request('message:send', { to: bob });
    expect((await send(client, bob)).ok).toBe(true);
  });

  it('holds for the cluster: one user on three nodes gets no more than one on one node, in the long run', async () => {
    const clients = await Promise.all(nodes.map((node) => TestClient.connect(node, alice)));
    const startedAt = performance.now();
    let accepted = 0;
    const elapsedS = (): number => (performance.now() - startedAt) / 1000;
    const lane = async (client: TestClient): Promise<void> => {
      while (elapsedS() < 12) {
        const { ok, error } = await send(client, bob);
        if (ok) accepted += 1;
        else await pause(Math.min(error?.retryAfterMs ?? 0, 1000));
      }
    };
    await Promise.all(clients.map(lane));
    // Each node lets a burst through before the first settling tells; then it is the rate. Without settling: 3 rates.
    const bound = elapsedS() * RATE + 3 * (BURST + RATE / 2);
    expect(accepted).toBeLessThanOrEqual(bound);
    expect(accepted).toBeLessThan(0.8 * 3 * (BURST + elapsedS() * RATE));
    expect(accepted).toBeGreaterThanOrEqual(0.5 * elapsedS() * RATE);
  }, 40_000);

  it('so many new receivers, on all nodes together; who has been written to stays free', async () => {
    const clients = await Promise.all(nodes.map((node) => TestClient.connect(node, alice)));
    const [onA, onB, onC] = clients as [TestClient, TestClient, TestClient];
    const receivers = Array.from({ length: NEW_RECEIVERS }, () => uniqueUser('r'));
    for (const [i, receiver] of receivers.entries()) {
      expect(await send(clients[i % 3] ?? onA, receiver)).toMatchObject({ ok: true });
    }
    for (const client of [onA, onB, onC]) {
      const { ok, error } = await send(client, uniqueUser('r'));
      expect(ok).toBe(false);
      expect(error).toMatchObject({ code: 'rate_limited', retryable: true });
      expect(error?.retryAfterMs).toBeGreaterThan(3_600_000 / NEW_RECEIVERS - 60_000);
      expect(error?.retryAfterMs).toBeLessThanOrEqual(3_600_000 / NEW_RECEIVERS);
    }
    expect((await post(nodes[1], uniqueUser('r'))).status).toBe(429);
    for (const client of [onB, onC])
      expect(await send(client, receivers[0] ?? bob)).toMatchObject({ ok: true });
  });

  it('backends write to everybody, at their own rate, whoever they write as', async () => {
    const scope = { scope: 'send:any' };
    const statuses: number[] = [];
    for (let i = 0; i < 2 * NEW_RECEIVERS; i += 1) {
      statuses.push((await post(nodes[0], uniqueUser('r'), scope)).status);
    }
    expect(statuses).toEqual(statuses.map(() => 201));
    const backend = await TestClient.connect(nodes[0], alice, { token: tokenFor(alice, scope) });
    for (let i = 0; i < NEW_RECEIVERS; i += 1) expect((await send(backend, uniqueUser('r'))).ok).toBe(true);
    const asMany = await Promise.all(
      Array.from({ length: 3 * BURST }, () => post(nodes[0], bob, scope, { from: uniqueUser('u') })),
    );
    expect(asMany.some(({ status }) => status === 429)).toBe(true);
  });
});

describe('the bytes of a day', () => {
  const PER_DAY = 40_000;
  const BODY = 'x'.repeat(998);
  let nodes: [BeelineNode, BeelineNode, BeelineNode];
  beforeAll(async () => {
    nodes = await startTrio({ SEND_BYTES_PER_DAY: `${PER_DAY}` });
  });
  afterAll(() => closeNodes(...nodes));

  it('are one number for all nodes; another user and another backend are not held up', async () => {
    const [alice, bob] = [uniqueUser('alice'), uniqueUser('bob')];
    const post = (i: number, user: string, claims = {}) =>
      rest(nodes[i % 3] ?? nodes[0], 'POST', '/messages', {
        token: tokenFor(user, claims),
        body: { to: bob, body: BODY },
      });
    const accepted: boolean[] = [];
    for (let i = 0; i < 60; i += 1) accepted.push((await post(i, alice)).status === 201);
    const count = accepted.filter(Boolean).length;
    // Forty, and on each node what was on its way to the store.
    expect(count).toBeGreaterThanOrEqual(40);
    expect(count).toBeLessThanOrEqual(46);
    for (const i of [0, 1, 2]) {
      const refused = await post(i, alice);
      expect(refused).toMatchObject({ status: 429, body: { code: 'rate_limited', retryable: true } });
      expect(refused.body['retryAfterMs']).toBeGreaterThan(0);
    }
    expect((await post(0, uniqueUser('carol'))).status).toBe(201);
    expect((await post(0, alice, { scope: 'send:any' })).status).toBe(201);
  });
});
