import { connect as connectSocket } from 'node:net';
import {
  type BeelineNode,
  closeNodes,
  RawClient,
  startCluster,
  startNode,
  TestClient,
  uniquePrefix,
  uniqueUser,
  waitUntil,
} from '../support';

const EVENTS_AT_ONCE = 5000;
const REFUSALS_AT_ONCE = 1000;
const HANDSHAKE_TIMEOUT_MS = 10_000;

interface Refusal {
  ok: boolean;
  error?: { code: string; retryAfterMs?: number };
}

describe('connections of one address', () => {
  const MAX = 3;
  let node: BeelineNode;

  beforeAll(async () => {
    node = await startNode({ REDIS_KEY_PREFIX: uniquePrefix(), MAX_CONNECTIONS_PER_ADDRESS: `${MAX}` });
  });
  afterEach(async () => {
    TestClient.closeAll();
  });
  afterAll(() => closeNodes(node));

  const refusalOf = async (client: TestClient): Promise<unknown> =>
    client.connected().then(
      () => 'let in',
      (error: unknown) => error,
    );

  it('so many, the next is refused and told why; who goes makes room', async () => {
    const clients: TestClient[] = [];
    for (let i = 0; i < MAX; i += 1) clients.push(await TestClient.connect(node, uniqueUser('u')));
    expect(await refusalOf(TestClient.start(node, uniqueUser('u')))).toMatchObject({
      code: 'rate_limited',
      retryable: true,
    });
    expect(clients.every(({ disconnectReason }) => disconnectReason === undefined)).toBe(true);
    clients[0]?.close();
    await waitUntil('there is room again', async () => {
      const client = TestClient.start(node, uniqueUser('u'));
      const isIn = (await refusalOf(client)) === 'let in';
      client.close();
      return isIn;
    });
  });

  it('those that say nothing count too, and past twice the limit there is no upgrade', async () => {
    const statuses = await Promise.all(Array.from({ length: 4 * MAX }, () => openSilently(node)));
    const opened = statuses.filter(({ status }) => status === 101);
    expect(opened.length).toBeLessThanOrEqual(2 * MAX);
    expect(opened.length).toBeGreaterThan(0);
    expect(statuses.filter(({ status }) => status === 400)).toHaveLength(4 * MAX - opened.length);
    for (const { close } of statuses) close();
  });

  it('those that say nothing are ended after a while, and make room', async () => {
    const startedAt = performance.now();
    const silent = await Promise.all(Array.from({ length: MAX }, () => RawClient.open(node)));
    expect(await refusalOf(TestClient.start(node, uniqueUser('u')))).toMatchObject({ code: 'rate_limited' });
    TestClient.closeAll();
    const areEnded = () => silent.every(({ isOpen }) => !isOpen);
    await waitUntil('they are ended', areEnded, 2 * HANDSHAKE_TIMEOUT_MS);
    expect(performance.now() - startedAt).toBeGreaterThan(HANDSHAKE_TIMEOUT_MS - 1000);
    expect(silent.flatMap(({ frames }) => frames).some((frame) => frame.startsWith('4'))).toBe(false);
    expect(await refusalOf(TestClient.start(node, uniqueUser('u')))).toBe('let in');
  }, 60_000);
});

/** A WebSocket that never says a word. */
function openSilently({ url }: BeelineNode): Promise<{ status: number; close: () => void }> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connectSocket(Number(port), hostname, () => {
      socket.write(
        [
          'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1',
          `Host: ${hostname}:${port}`,
          'Connection: Upgrade',
          'Upgrade: websocket',
          'Sec-WebSocket-Version: 13',
          'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
          '',
          '',
        ].join('\r\n'),
      );
    });
    socket.once('error', reject);
    socket.once('data', (data) =>
      resolve({ status: Number(data.toString('latin1').split(' ')[1]), close: () => socket.destroy() }),
    );
  });
}

describe('a client that does not behave', () => {
  let node: BeelineNode;
  let calm: BeelineNode;

  beforeAll(async () => {
    [node, calm] = (await startCluster(2, { SEND_RATE_PER_SECOND: '10' })) as [BeelineNode, BeelineNode];
  });
  afterEach(TestClient.closeAll);
  afterAll(() => closeNodes(node, calm));

  it('a flood of events is refused with a retryAfterMs, and the connection lives if it stops then', async () => {
    const client = await TestClient.connect(node, uniqueUser('eve'));
    const answers: Refusal[] = [];
    // How many events it takes depends on how fast the machine is: the bucket fills meanwhile.
    while (!answers.some(({ error }) => error?.code === 'rate_limited')) {
      for (let i = 0; i < 500; i += 1) client.socket.emit('presence:get', { users: [] });
      answers.push((await client.request('no such event', {})) as Refusal);
    }
    const refusal = answers.pop();
    expect(answers.length * 500).toBeGreaterThanOrEqual(EVENTS_AT_ONCE - 1000);
    expect(answers.every(({ error }) => error?.code === 'bad_request')).toBe(true);
    expect(refusal?.error?.retryAfterMs).toBeGreaterThanOrEqual(1);
    expect(refusal?.error?.retryAfterMs).toBeLessThanOrEqual(10);
    await waitUntil('an event is taken again', async () => {
      const { error } = (await client.request('no such event', {})) as Refusal;
      return error?.code === 'bad_request';
    });
    expect(client.disconnectReason).toBeUndefined();
  });

  it('who goes on for long after being told rate_limited is evicted, and stays away', async () => {
    const client = await TestClient.connect(node, uniqueUser('eve'));
    const other = await TestClient.connect(node, uniqueUser('bob'));
    const hammer = setInterval(() => {
      for (let i = 0; i < 50; i += 1) {
        client.socket.emit('message:send', { to: 'bob', body: i, clientId: uniqueUser('c') });
      }
    }, 5);
    const reason = await client.ended().finally(() => clearInterval(hammer));
    expect(reason).toBe('io server disconnect');
    expect(client.payloadsOf('session:end')).toEqual([{ reason: 'evicted', reconnect: false }]);
    expect(other.disconnectReason).toBeUndefined();
    expect((await other.request('presence:get', { users: ['bob'] })).ok).toBe(true);
  });

  it('who is over a limit now and then is not', async () => {
    const client = await TestClient.connect(calm, uniqueUser('eve'));
    const tries = Array.from({ length: REFUSALS_AT_ONCE - 100 }, (_, i) =>
      client.request('message:send', { to: 'bob', body: i, clientId: uniqueUser('c') }),
    );
    const refused = ((await Promise.all(tries)) as Refusal[]).filter(({ ok }) => !ok);
    expect(refused.length).toBeGreaterThan(800);
    expect((await client.request('presence:get', { users: ['bob'] })).ok).toBe(true);
  });
});
