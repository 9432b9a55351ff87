import {
  type BeelineNode,
  closeNodes,
  cutOff,
  startCluster,
  TestClient,
  uniqueUser,
  waitUntil,
} from '../support';

const DEBOUNCE_MS = 1000;

describe('watching', () => {
  let a: BeelineNode;
  let b: BeelineNode;
  let c: BeelineNode;
  let watched: string;

  beforeAll(async () => {
    [a, b, c] = (await startCluster(3, {
      PRESENCE_DEBOUNCE_MS: `${DEBOUNCE_MS}`,
      SWEEP_INTERVAL_MS: '600000',
      // 1,600 users are asked for in one tick below, on a machine that may have much else to do.
      REDIS_COMMAND_TIMEOUT_MS: '10000',
    })) as [BeelineNode, BeelineNode, BeelineNode];
  });
  beforeEach(() => {
    watched = uniqueUser('watched');
  });
  afterEach(TestClient.closeAll);
  afterAll(() => closeNodes(a, b, c));

  const changes = (watcher: TestClient): unknown[] => watcher.payloadsOf('presence');
  const told = (watcher: TestClient, count: number): Promise<void> =>
    waitUntil(`${count} changes have come`, () => changes(watcher).length >= count);
  const here = (devices: number) => ({ userId: watched, online: true, devices, lastSeen: null });

  it('tells how it is now, and of every change from then on, devices on several nodes counted truly', async () => {
    const watcher = await TestClient.connect(a, uniqueUser('watcher'));
    expect(await watcher.request('presence:watch', { users: [watched] })).toEqual({
      ok: true,
      presence: { [watched]: { online: false, devices: 0, lastSeen: null } },
    });
    const one = await TestClient.connect(b, watched, { deviceId: 'one' });
    await told(watcher, 1);
    const two = await TestClient.connect(c, watched, { deviceId: 'two' });
    await told(watcher, 2);
    one.close();
    await told(watcher, 3);
    two.close();
    await told(watcher, 4);
    expect(changes(watcher)).toEqual([
      here(1),
      here(2),
      here(1),
      { userId: watched, online: false, devices: 0, lastSeen: expect.any(Number) as number },
    ]);
  });

  it('does not tell of a device that is back within the debounce', async () => {
    const watcher = await TestClient.connect(a, uniqueUser('watcher'));
    await watcher.request('presence:watch', { users: [watched] });
    const first = await TestClient.connect(b, watched, { deviceId: 'phone' });
    await told(watcher, 1);
    for (let i = 0; i < 3; i += 1) {
      const last = i === 0 ? first : undefined;
      last?.close();
      const next = await TestClient.connect(c, watched, { deviceId: 'phone' });
      if (i < 2) next.close();
    }
    const other = uniqueUser('other');
    await watcher.request('presence:watch', { users: [other] });
    const startedAt = Date.now();
    await waitUntil('two debounces have passed', () => Date.now() - startedAt > 2 * DEBOUNCE_MS);
    expect(changes(watcher)).toEqual([here(1)]);
  });

  it('ends with unwatch, and costs nothing for nodes without a watcher', async () => {
    const watcher = await TestClient.connect(a, uniqueUser('watcher'));
    await watcher.request('presence:watch', { users: [watched] });
    expect(await watcher.request('presence:unwatch', { users: [watched] })).toMatchObject({ ok: true });
    await TestClient.connect(b, watched);
    const again = await TestClient.connect(a, uniqueUser('again'));
    await again.request('presence:watch', { users: [watched] });
    expect(changes(watcher)).toEqual([]);
  });

  it('is bounded: 200 users a request, 1,000 a connection', async () => {
    const watcher = await TestClient.connect(a, uniqueUser('watcher'));
    const users = (from: number, count: number) => Array.from({ length: count }, (_, i) => `u-${from + i}`);
    expect(await watcher.request('presence:watch', { users: users(0, 201) })).toMatchObject({
      error: { code: 'bad_request' },
    });
    for (let i = 0; i < 5; i += 1) {
      expect(await watcher.request('presence:watch', { users: users(200 * i, 200) })).toMatchObject({
        ok: true,
      });
    }
    expect(await watcher.request('presence:watch', { users: [watched] })).toMatchObject({
      error: { code: 'rate_limited' },
    });
    expect(await watcher.request('presence:watch', { users: ['u-0'] })).toMatchObject({ ok: true });
  });

  it('is bounded for requests that come at once as for one after the other', async () => {
    const watcher = await TestClient.connect(a, uniqueUser('watcher'));
    const usersOf = (request: number): string[] =>
      Array.from({ length: 200 }, (_user, i) => `u-${request}-${i}`);
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_request, i) => watcher.request('presence:watch', { users: usersOf(i) })),
    );
    // On a busy machine one of them may be too late for the store's time-out; it watches nobody then.
    const codes = answers.map((answer) => (answer.ok ? 'ok' : (answer.error as { code: string }).code));
    expect(codes.filter((code) => code === 'ok').length).toBeLessThanOrEqual(5);
    expect(codes.filter((code) => code === 'rate_limited')).toHaveLength(3);
    expect(codes.every((code) => ['ok', 'rate_limited', 'unavailable'].includes(code))).toBe(true);
  });
});

describe('a watched user whose node dies', () => {
  it('is offline for watchers within four thirds of the lease and a second', async () => {
    const leaseMs = 1500;
    const nodes = await startCluster(2, { NODE_LEASE_MS: `${leaseMs}`, SWEEP_INTERVAL_MS: '600000' });
    const [a, b] = nodes as [BeelineNode, BeelineNode];
    try {
      const user = uniqueUser('lost');
      const watcher = await TestClient.connect(a, uniqueUser('watcher'));
      await TestClient.connect(b, user);
      await watcher.request('presence:watch', { users: [user] });
      cutOff(b);
      const killedAt = Date.now();
      await waitUntil('it is told of', () => watcher.payloadsOf('presence').length > 0, 10_000);
      // As elsewhere in the suites: twice the promised bound, for a busy machine.
      expect(Date.now() - killedAt).toBeLessThan(2 * ((4 / 3) * leaseMs + 1000));
      expect(watcher.payloadsOf('presence')).toEqual([
        { userId: user, online: false, devices: 0, lastSeen: expect.any(Number) as number },
      ]);
    } finally {
      TestClient.closeAll();
      await closeNodes(...nodes);
    }
  });
});
