import { setTimeout as delay } from 'node:timers/promises';
import {
  type BeelineNode,
  closeNodes,
  NO_SWEEPS,
  startCluster,
  startTrio,
  TestClient,
  tokenFor,
  uniqueUser,
  waitUntil,
} from '../support';

const AT_ONCE = 20;
const PER_SECOND = 5;
const NEW_RECEIVERS = 2;

describe('typing', () => {
  let nodes: BeelineNode[];
  beforeAll(async () => {
    nodes = await startTrio(NO_SWEEPS);
  });
  afterEach(TestClient.closeAll);
  afterAll(() => closeNodes(...nodes));

  it('reaches every device of the receiver, wherever it is, and is stored nowhere', async () => {
    const [a, b, c] = nodes as [BeelineNode, BeelineNode, BeelineNode];
    const [alice, bob] = [uniqueUser('alice'), uniqueUser('bob')];
    const sender = await TestClient.connect(a, alice);
    const devices = [await TestClient.connect(b, bob), await TestClient.connect(c, bob)];
    expect(await sender.request('typing', { to: bob, typing: true })).toEqual({ ok: true });
    expect(await sender.request('typing', { to: bob, channel: 'notification', typing: false })).toEqual({
      ok: true,
    });
    await waitUntil('both are told twice', () =>
      devices.every((device) => device.payloadsOf('typing').length === 2),
    );
    expect(devices[0]?.payloadsOf('typing')).toEqual([
      { from: alice, channel: 'chat', typing: true },
      { from: alice, channel: 'notification', typing: false },
    ]);
    expect(sender.payloadsOf('typing')).toEqual([]);
    const late = await TestClient.connect(a, bob);
    expect(late.payloadsOf('typing')).toEqual([]);
    expect(Object.values(late.session.channels).map(({ last }) => last)).toEqual(['0-0', '0-0', '0-0']);
  });

  it('is limited in rate, with a retryAfterMs that is true', async () => {
    const sender = await TestClient.connect(nodes[0] as BeelineNode, uniqueUser('alice'));
    const type = () => sender.request('typing', { to: 'bob', typing: true });
    const answers = await Promise.all(Array.from({ length: 4 * AT_ONCE }, type));
    const taken = answers.filter(({ ok }) => ok).length;
    expect(taken).toBeGreaterThanOrEqual(AT_ONCE);
    expect(taken).toBeLessThan(2 * AT_ONCE);
    const refused = answers.findLast((answer) => !answer.ok);
    expect(refused).toMatchObject({ error: { code: 'rate_limited', retryable: true } });
    await delay(refused?.error.retryAfterMs);
    expect(await type()).toEqual({ ok: true });
  });

  it('has one rate for all connections of a user on a node', async () => {
    const alice = uniqueUser('alice');
    const connections = await Promise.all(
      Array.from({ length: 4 }, () => TestClient.connect(nodes[0] as BeelineNode, alice)),
    );
    const startedAt = performance.now();
    const words = connections.flatMap((connection) =>
      Array.from({ length: AT_ONCE }, () => connection.request('typing', { to: 'bob', typing: true })),
    );
    const taken = (await Promise.all(words)).filter(({ ok }) => ok).length;
    const elapsedS = (performance.now() - startedAt) / 1000;
    expect(taken).toBeGreaterThanOrEqual(AT_ONCE);
    expect(taken).toBeLessThanOrEqual(AT_ONCE + Math.ceil(elapsedS * PER_SECOND));
    const other = await TestClient.connect(nodes[0] as BeelineNode, uniqueUser('carol'));
    expect(await other.request('typing', { to: 'bob', typing: true })).toEqual({ ok: true });
  });

  it('to nobody here is answered, to an unknown channel is not_found', async () => {
    const sender = await TestClient.connect(nodes[0] as BeelineNode, uniqueUser('alice'));
    expect(await sender.request('typing', { to: uniqueUser('nobody'), typing: true })).toEqual({ ok: true });
    expect(await sender.request('typing', { to: 'bob', channel: 'other', typing: true })).toMatchObject({
      ok: false,
      error: { code: 'not_found' },
    });
    expect(await sender.request('typing', { to: 'bob' })).toMatchObject({ error: { code: 'bad_request' } });
  });
});

describe('typing to strangers, on two nodes', () => {
  let a: BeelineNode;
  let b: BeelineNode;
  let alice: TestClient;
  let alicesName: string;

  beforeAll(async () => {
    const settings = { ...NO_SWEEPS, NEW_RECEIVERS_PER_HOUR: `${NEW_RECEIVERS}` };
    [a, b] = (await startCluster(2, settings)) as [BeelineNode, BeelineNode];
  });
  beforeEach(async () => {
    alicesName = uniqueUser('alice');
    alice = await TestClient.connect(a, alicesName);
  });
  afterEach(TestClient.closeAll);
  afterAll(() => closeNodes(a, b));

  const typing = (client: TestClient, to: string) => client.request('typing', { to, typing: true });
  const send = (client: TestClient, to: string) =>
    client.request('message:send', { to, body: 'hi', clientId: uniqueUser('c') });
  const word = (from: string) => ({ from, channel: 'chat', typing: true });

  it('arrives as long as they could be written to, and then no more', async () => {
    const names = [uniqueUser('bob'), uniqueUser('carol'), uniqueUser('dan')] as const;
    const [bob, carol, dan] = await Promise.all(names.map((name) => TestClient.connect(b, name)));
    for (const name of names) expect(await typing(alice, name)).toEqual({ ok: true });

    // Word from the same node comes the same way, and after that which was before it.
    const friendsName = uniqueUser('friend');
    const friend = await TestClient.connect(a, friendsName);
    expect(await typing(friend, names[2])).toEqual({ ok: true });
    await waitUntil('the friend is heard', () => dan!.payloadsOf('typing').length > 0);
    expect(dan!.payloadsOf('typing')).toEqual([word(friendsName)]);
    await waitUntil('both are told', () =>
      [bob, carol].every((client) => client!.payloadsOf('typing').length > 0),
    );
    expect([bob, carol].flatMap((client) => client!.payloadsOf('typing'))).toEqual([
      word(alicesName),
      word(alicesName),
    ]);

    // It is one budget with that of sending, and who is known stays free.
    expect(await send(alice, names[2])).toMatchObject({ ok: false, error: { code: 'rate_limited' } });
    expect(await send(alice, names[0])).toMatchObject({ ok: true });
    await typing(alice, names[0]);
    await waitUntil('bob is told again', () => bob!.payloadsOf('typing').length === 2);
  });

  it('of a backend is not held up, as its sends are not', async () => {
    const name = uniqueUser('backend');
    const backend = await TestClient.connect(a, name, { token: tokenFor(name, { scope: 'send:any' }) });
    const others = Array.from({ length: NEW_RECEIVERS + 1 }, () => uniqueUser('user'));
    const clients = await Promise.all(others.map((other) => TestClient.connect(b, other)));
    for (const other of others) expect(await typing(backend, other)).toEqual({ ok: true });
    await waitUntil('all are told', () => clients.every((client) => client.payloadsOf('typing').length > 0));
  });
});
