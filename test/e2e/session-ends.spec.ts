import {
  type BeelineNode,
  closeNodes,
  cutOff,
  loseEnvelopes,
  NO_SWEEPS,
  rest,
  startTrio,
  TestClient,
  tokenFor,
  type Trio,
  uniqueUser,
  waitUntil,
} from '../support';

let nodes: Trio;
let user: string;
beforeEach(() => {
  user = uniqueUser('ada');
});
afterEach(async () => {
  TestClient.closeAll();
  await closeNodes(...nodes);
});

const onEach = (token: string, reconnection = true): Promise<TestClient[]> =>
  Promise.all(nodes.map((node) => TestClient.connect(node, user, { token, reconnection })));
const logOut = (token: string): Promise<{ status: number }> =>
  rest(nodes[0], 'POST', '/auth/logout', { token });
const endSessions = (): Promise<{ status: number }> =>
  rest(nodes[0], 'DELETE', `/admin/users/${user}/sessions`, { token: tokenFor('root', { scope: 'admin' }) });

/** Each was told why, and stays away by what its client library makes of it. */
async function revoked(clients: TestClient[]): Promise<void> {
  for (const client of clients) {
    expect(await client.ended()).toBe('io server disconnect');
    expect(client.payloadsOf('session:end')).toEqual([{ reason: 'revoked', reconnect: false }]);
    expect(client.socket.active).toBe(false);
  }
}

describe('without a sweep to help, on three nodes', () => {
  beforeEach(async () => {
    nodes = await startTrio(NO_SWEEPS);
  });

  it.each([{ sid: 'phone' }, { sid: 'a/login:{of} theirs' }])(
    'a logout ends the connections of the login %j on every node, and no other`s',
    async (claims) => {
      const token = tokenFor(user, claims);
      const clients = await onEach(token);
      const laptop = await onEach(tokenFor(user, { sid: 'laptop' }));
      expect((await logOut(token)).status).toBe(204);
      await revoked(clients);
      for (const client of laptop) {
        expect(await client.request('inbox:pull', { channel: 'chat' })).toMatchObject({ ok: true });
        expect(client.payloadsOf('session:end')).toEqual([]);
      }
    },
  );

  it('a logout with a token that names no login ends the connections of that token, and touches no other device', async () => {
    const token = tokenFor(user);
    const clients = await onEach(token);
    const others = [
      ...(await onEach(tokenFor(user, { sid: 'laptop' }))),
      ...(await onEach(tokenFor(user, { more: 'x' }))),
    ];
    expect((await logOut(token)).status).toBe(204);
    await revoked(clients);
    for (const other of others) expect(other.socket.connected).toBe(true);
  });

  it('an administrator ends all of a user`s connections on every node, and nobody else`s', async () => {
    const other = await TestClient.connect(nodes[1], uniqueUser('bob'));
    const clients = [...(await onEach(tokenFor(user))), ...(await onEach(tokenFor(user, { sid: 'phone' })))];
    expect((await endSessions()).status).toBe(204);
    await revoked(clients);
    expect(await other.request('inbox:pull', { channel: 'chat' })).toMatchObject({ ok: true });
    const again = await TestClient.connect(nodes[2], user, { token: tokenFor(user) });
    expect(again.session.userId).toBe(user);
  });

  it.each([
    ['a logout', logOut],
    ['an administrator', endSessions],
  ])('a token revoked by %s opens no connection and keeps none alive', async (_who, revoke) => {
    const token = tokenFor(user, { sid: 'phone' });
    expect((await revoke(token)).status).toBe(204);
    const unauthorized = { code: 'unauthorized', retryable: false };
    for (const node of nodes) {
      await expect(TestClient.connect(node, user, { token })).rejects.toMatchObject(unauthorized);
    }
    const fresh = await TestClient.connect(nodes[1], user, { token: tokenFor(user, { sid: 'laptop' }) });
    const expiresAt = fresh.session.expiresAt;
    expect(await fresh.request('auth:refresh', { token })).toMatchObject({ ok: false, error: unauthorized });
    expect(fresh.session.expiresAt).toBe(expiresAt);
    expect(fresh.socket.connected).toBe(true);
  });

  it('a connection belongs to the login of the token that it was last given', async () => {
    const [first, second] = [tokenFor(user, { sid: 'first' }), tokenFor(user, { sid: 'second' })];
    const client = await TestClient.connect(nodes[1], user, { token: first, reconnection: true });
    expect(await client.request('auth:refresh', { token: second })).toMatchObject({ ok: true });
    await logOut(first);
    expect(await client.request('inbox:pull', { channel: 'chat' })).toMatchObject({ ok: true });
    await logOut(second);
    await revoked([client]);
  });
});

describe('where the word of it is lost', () => {
  beforeEach(async () => {
    nodes = await startTrio();
  });

  it.each([
    ['a logout', logOut],
    ['an administrator', endSessions],
  ])('connections ended by %s end at the next sweep', async (_who, revoke) => {
    const token = tokenFor(user, { sid: 'phone' });
    const clients = await onEach(token);
    loseEnvelopes(nodes[0]);
    expect((await revoke(token)).status).toBe(204);
    await revoked(clients);
  });

  it('a watcher is told of who comes and who goes at the next sweep', async () => {
    const watcher = await TestClient.connect(nodes[0], uniqueUser('watcher'));
    await watcher.request('presence:watch', { users: [user] });
    for (const node of nodes) loseEnvelopes(node);
    const client = await TestClient.connect(nodes[1], user);
    const changes = () => watcher.payloadsOf('presence');
    await waitUntil('the watcher is told', () => changes().length > 0);
    client.close();
    await waitUntil('the watcher is told again', () => changes().length > 1, 15_000);
    expect(changes()).toEqual([
      { userId: user, online: true, devices: 1, lastSeen: null },
      { userId: user, online: false, devices: 0, lastSeen: expect.any(Number) as number },
    ]);
  });
});

describe('the policy `reject`, where the rival`s node is dead', () => {
  it('lets the user in within the lease, though no sweep and no other word tells of the death', async () => {
    const leaseMs = 3000;
    nodes = await startTrio({ ...NO_SWEEPS, SESSION_POLICY: 'reject', NODE_LEASE_MS: `${leaseMs}` });
    const [here, there] = nodes as [BeelineNode, BeelineNode, BeelineNode];
    await TestClient.connect(there, user, { deviceId: 'one' });
    const refusals: unknown[] = [];
    const comesIn = async (): Promise<boolean> => {
      try {
        await TestClient.connect(here, user, { deviceId: 'two' });
        return true;
      } catch (error) {
        refusals.push((error as { code?: string }).code);
        return false;
      }
    };
    expect(await comesIn()).toBe(false);
    cutOff(there);
    const diedAt = performance.now();
    await waitUntil('the user is let in', comesIn);
    expect(performance.now() - diedAt).toBeLessThan(leaseMs + 1000);
    expect(new Set(refusals)).toEqual(new Set(['session_conflict']));
  });
});

describe('receipts, with several devices on both sides', () => {
  it('reach every device of the sender once per step, whichever node each is on', async () => {
    nodes = await startTrio(NO_SWEEPS);
    const bob = uniqueUser('bob');
    const senders = await onEach(tokenFor(user));
    const [phone, laptop] = [
      await TestClient.connect(nodes[1], bob, { deviceId: 'phone' }),
      await TestClient.connect(nodes[2], bob, { deviceId: 'laptop' }),
    ];
    const [first, second] = await senders[0]!.sendSeries(bob, 2, { receipt: true });
    const told = (count: number): Promise<unknown> =>
      Promise.all(
        senders.map((sender) =>
          waitUntil('receipts have come', () => sender.payloadsOf('receipt').length >= count),
        ),
      );
    await phone.request('inbox:ack', { channel: 'chat', offset: first });
    await told(1);
    await laptop.request('inbox:ack', { channel: 'chat', offset: first });
    await laptop.request('inbox:ack', { channel: 'chat', offset: second });
    await told(2);
    await phone.request('inbox:ack', { channel: 'chat', offset: second });
    await phone.request('inbox:read', { channel: 'chat', offset: second });
    await told(3);
    await laptop.request('inbox:read', { channel: 'chat', offset: second });
    // A word to the same connections, behind everything that was said before.
    await phone.send(user, 'the last word', 'c-last');
    await Promise.all(senders.map((sender) => sender.receives(1)));
    const about = { channel: 'chat', peer: bob };
    for (const sender of senders) {
      expect(sender.payloadsOf('receipt')).toEqual([
        { ...about, state: 'delivered', offset: first },
        { ...about, state: 'delivered', offset: second },
        { ...about, state: 'read', offset: second },
      ]);
    }
  });
});
