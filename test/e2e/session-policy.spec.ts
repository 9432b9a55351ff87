import { type BeelineNode, closeNodes, startTrio, TestClient, uniqueUser, waitUntil } from '../support';

/** How the ends of a client's connections were explained to it. */
const reasonsOf = (client: TestClient): unknown[] =>
  client.payloadsOf('session:end').map((payload) => (payload as { reason: string }).reason);

describe('the session policy', () => {
  let nodes: BeelineNode[] = [];
  afterEach(async () => {
    TestClient.closeAll();
    await closeNodes(...nodes);
  });

  async function start(
    environment: Record<string, string>,
  ): Promise<[BeelineNode, BeelineNode, BeelineNode]> {
    const trio = await startTrio(environment);
    nodes = trio;
    return trio;
  }

  it('multiple: allows so many devices, and the next replaces the oldest, wherever it is', async () => {
    const [a, b, c] = await start({ MAX_DEVICES_PER_USER: '2' });
    const user = uniqueUser('mia');
    const oldest = await TestClient.connect(a, user, { deviceId: 'one' });
    const middle = await TestClient.connect(b, user, { deviceId: 'two' });
    const newest = await TestClient.connect(c, user);
    expect(await oldest.ended()).toBe('io server disconnect');
    expect(oldest.payloadsOf('session:end')).toEqual([{ reason: 'replaced', reconnect: false }]);
    const sender = await TestClient.connect(a, uniqueUser('noa'));
    await sender.send(user, 'hi', 'c-1');
    await Promise.all([middle.receives(1), newest.receives(1)]);
    expect(oldest.messages).toEqual([]);
  });

  it('replace: the newest wins, the older is told and stays away', async () => {
    const [a, b] = await start({ SESSION_POLICY: 'replace' });
    const user = uniqueUser('rex');
    const older = await TestClient.connect(a, user, { deviceId: 'one', reconnection: true });
    await TestClient.connect(b, user, { deviceId: 'two' });
    expect(await older.ended()).toBe('io server disconnect');
    expect(reasonsOf(older)).toEqual(['replaced']);
  });

  it('reject: the second device is refused while the first is there, the same device is not', async () => {
    const [a, b, c] = await start({ SESSION_POLICY: 'reject' });
    const user = uniqueUser('ray');
    const first = await TestClient.connect(a, user, { deviceId: 'one' });
    await expect(TestClient.connect(b, user, { deviceId: 'two' })).rejects.toMatchObject({
      code: 'session_conflict',
      retryable: false,
    });
    const again = await TestClient.connect(c, user, { deviceId: 'one' });
    expect(await first.ended()).toBe('io server disconnect');
    again.close();
    await waitUntil('another device is let in', async () => {
      try {
        await TestClient.connect(b, user, { deviceId: 'two' });
        return true;
      } catch {
        return false;
      }
    });
  });

  it.each(['replace', 'reject'])(
    '%s: of connections at the same instant on three nodes exactly one stays',
    async (policy) => {
      const trio = await start({ SESSION_POLICY: policy });
      for (let seed = 0; seed < 20; seed += 1) {
        const user = uniqueUser(`seed-${seed}`);
        const clients = [0, 1, 2].map((i) =>
          TestClient.start(trio[(seed + i) % 3] as BeelineNode, user, { deviceId: `d-${i}` }),
        );
        const outcomes = await Promise.allSettled(clients.map((client) => client.connected()));
        const connected = clients.filter((_client, i) => outcomes[i]?.status === 'fulfilled');
        expect(connected.length).toBeLessThanOrEqual(policy === 'reject' ? 1 : 3);
        await waitUntil('one is left', () => connected.filter(({ socket }) => socket.connected).length <= 1);
        const [left] = connected.filter(({ socket }) => socket.connected);
        expect(left).toBeDefined();
        const sender = await TestClient.connect(trio[0], uniqueUser('sender'));
        await sender.send(user, 'who?', `c-${seed}`);
        await left?.receives(1);
        TestClient.closeAll();
      }
    },
  );
});
