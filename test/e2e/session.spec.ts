import {
  type BeelineNode,
  closeNodes,
  rest,
  startTrio,
  TestClient,
  tokenFor,
  uniqueUser,
  waitUntil,
  aNumber,
  textLike,
  NO_SWEEPS,
} from '../support';

const OFFSET = /^\d{1,16}-\d{1,16}$/;
const CHANNELS = ['chat', 'notification', 'sent'];

describe('a session', () => {
  let a: BeelineNode;
  let b: BeelineNode;
  let c: BeelineNode;
  let alice: string;
  let bob: string;

  beforeAll(async () => {
    [a, b, c] = await startTrio({ ...NO_SWEEPS, SEND_RATE_PER_SECOND: '20' });
  });
  beforeEach(() => {
    alice = uniqueUser('alice');
    bob = uniqueUser('bob');
  });
  afterEach(TestClient.closeAll);
  afterAll(() => closeNodes(a, b, c));

  const devicesOf = async (user: string) => {
    const { body } = await rest(c, 'GET', `/presence/${user}`, { token: tokenFor('asker') });
    return (body['presence'] as Record<string, { devices: number }>)[user]?.devices;
  };

  it('begins with `session`, once, before anything else, with every field of the contract', async () => {
    const sender = await TestClient.connect(a, alice);
    const [first, , third] = await sender.sendSeries(bob, 3);
    await rest(a, 'POST', '/inbox/chat/read', { token: tokenFor(bob), body: { offset: first } });
    await rest(a, 'POST', '/inbox/chat/ack', {
      token: tokenFor(bob),
      body: { offset: third, deviceId: 'phone' },
    });

    const ttlMs = 600_000;
    const token = tokenFor(bob, {}, ttlMs);
    const before = Date.now();
    const client = await TestClient.connect(b, bob, { deviceId: 'phone', token });
    expect(client.events.map(({ event }) => event).indexOf('session')).toBe(0);
    expect(client.payloadsOf('session')).toHaveLength(1);
    const beginning = { delivered: '0-0', read: '0-0', unread: 0, last: '0-0' };
    expect(client.session).toEqual({
      protocol: 1,
      userId: bob,
      deviceId: 'phone',
      connectionId: textLike(/^[\w-]+$/),
      nodeId: (await rest(b, 'GET', '/readyz')).body['nodeId'],
      expiresAt: aNumber(),
      serverTime: aNumber(),
      limits: { maxBodyBytes: 16_384, sendRatePerSecond: 20 },
      channels: {
        chat: { delivered: third, read: first, unread: 2, last: third },
        notification: beginning,
        sent: beginning,
      },
    });
    // The store's clock is this machine's; the token's times are whole seconds.
    expect(Math.abs(client.session.serverTime - before)).toBeLessThan(5000);
    expect(Math.abs(client.session.expiresAt - before - ttlMs)).toBeLessThan(5000);
  });

  it('names a device without a name after its connection', async () => {
    const [first, second] = await Promise.all([TestClient.connect(a, bob), TestClient.connect(a, bob)]);
    expect(first.session.deviceId).toBe(first.session.connectionId);
    expect(second.session.connectionId).not.toBe(first.session.connectionId);
    expect(await devicesOf(bob)).toBe(2);
  });

  it('says `inbox:synced` once per channel, after the messages of that channel', async () => {
    const sender = await TestClient.connect(a, alice);
    const offsets = await sender.sendSeries(bob, 3);
    const client = await TestClient.connect(b, bob);
    await sender.sendSeries(bob, 2);
    await client.receives(5);
    const synced = client.payloadsOf('inbox:synced') as { channel: string; offset: string; count: number }[];
    expect(synced.map(({ channel }) => channel).sort()).toEqual(CHANNELS);
    expect(synced.find(({ channel }) => channel === 'chat')).toEqual({
      channel: 'chat',
      offset: offsets[2],
      count: 3,
    });
    expect(synced.find(({ channel }) => channel === 'sent')).toEqual({
      channel: 'sent',
      offset: '0-0',
      count: 0,
    });
    const order = client.events.map(({ event, payload }) =>
      event === 'inbox:synced' && (payload as { channel: string }).channel !== 'chat' ? 'other' : event,
    );
    expect(order.filter((event) => event !== 'other')).toEqual([
      'session',
      'message',
      'message',
      'message',
      'inbox:synced',
      'message',
      'message',
    ]);
  });

  it('syncs only what was there when messages come while it connects', async () => {
    const sender = await TestClient.connect(a, alice);
    const sending = sender.sendSeries(bob, 40);
    const client = await TestClient.connect(b, bob);
    const offsets = await sending;
    await client.receives(40);
    expect(client.messages.map(({ offset }) => offset)).toEqual(offsets);
    expect(client.payloadsOf('inbox:synced')).toHaveLength(CHANNELS.length);
  });

  describe('the same device connecting again', () => {
    it.each([
      ['on another node', () => b],
      ['on the same node', () => a],
    ])('replaces the older connection %s, and the old client stays away', async (_where, node) => {
      const older = await TestClient.connect(a, bob, { deviceId: 'phone', reconnection: true });
      const newer = await TestClient.connect(node(), bob, { deviceId: 'phone' });
      expect(await older.ended()).toBe('io server disconnect');
      expect(older.payloadsOf('session:end')).toEqual([{ reason: 'replaced', reconnect: false }]);
      expect(older.socket.active).toBe(false);

      const sender = await TestClient.connect(c, alice);
      await sender.send(bob, 'to the newer', 'c-1');
      await newer.receives(1);
      expect(older.messages).toEqual([]);
      await waitUntil('the device is there once', async () => (await devicesOf(bob)) === 1);
      expect(newer.socket.connected).toBe(true);
    });

    it('leaves other devices, devices without a name and other users with that device alone', async () => {
      const others = await Promise.all([
        TestClient.connect(a, bob, { deviceId: 'laptop' }),
        TestClient.connect(b, bob),
        TestClient.connect(a, alice, { deviceId: 'phone' }),
      ]);
      const older = await TestClient.connect(a, bob, { deviceId: 'phone' });
      await TestClient.connect(b, bob, { deviceId: 'phone' });
      await older.ended();
      expect(others.map(({ socket }) => socket.connected)).toEqual([true, true, true]);
      await waitUntil('three devices are left', async () => (await devicesOf(bob)) === 3);
    });

    it('leaves exactly one of many that race on all nodes', async () => {
      const clients = [a, b, c, a, b, c, a, b].map((node) =>
        TestClient.start(node, bob, { deviceId: 'phone' }),
      );
      await waitUntil(
        'one is left',
        () =>
          clients.every((client) => client.payloadsOf('session').length > 0 || client.disconnectReason) &&
          clients.filter(({ socket }) => socket.connected).length === 1,
      );
      const [winner] = clients.filter(({ socket }) => socket.connected);
      const sender = await TestClient.connect(c, alice);
      await sender.send(bob, 'to the winner', 'c-1');
      await winner?.receives(1);
      expect(await devicesOf(bob)).toBe(1);
    });
  });

  it('takes a connection out of presence when it ends, and tells when', async () => {
    const client = await TestClient.connect(a, bob);
    const look = async () => {
      const { body } = await rest(c, 'GET', `/presence/${bob}`, { token: tokenFor(alice) });
      return (
        body['presence'] as Record<string, { online: boolean; devices: number; lastSeen: number | null }>
      )[bob];
    };
    expect(await look()).toEqual({ online: true, devices: 1, lastSeen: null });
    const before = client.session.serverTime;
    client.close();
    await waitUntil('bob is offline', async () => (await look())?.online === false);
    expect(await look()).toEqual({ online: false, devices: 0, lastSeen: aNumber() });
    // `serverTime` is an estimate of the store's clock, good to a fraction of a round trip.
    expect((await look())?.lastSeen).toBeGreaterThan(before - 100);
  });

  it('was never seen where there was none', async () => {
    const watcher = await TestClient.connect(a, alice);
    expect(await watcher.request('presence:get', { users: [bob, alice, bob] })).toEqual({
      ok: true,
      presence: {
        [bob]: { online: false, devices: 0, lastSeen: null },
        [alice]: { online: true, devices: 1, lastSeen: null },
      },
    });
    expect(watcher.session.channels['chat']?.last).toMatch(OFFSET);
  });
});
