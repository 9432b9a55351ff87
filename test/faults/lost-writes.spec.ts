import {
  type BeelineNode,
  closeNodes,
  startNode,
  TestClient,
  uniquePrefix,
  uniqueUser,
  waitUntil,
} from '../support';
import { clockOff, SteppedClock } from './lib/faketime';
import type { RedisProcess } from './lib/redis-process';
import { SingleRedis } from './lib/stores/single-redis';
import type { TcpProxy } from './lib/tcp-proxy';

/** More than the network takes of a device that does not read: the rest waits at the node. */
const BACKLOG = Array.from({ length: 800 }, (_, i) => i);
const BULK = 'x'.repeat(15_000);

/** The client library's WebSocket, which can stop reading. */
function readingOf(client: TestClient): { pause(): void; resume(): void } {
  const { transport } = client.socket.io.engine as unknown as {
    transport: { ws: { pause(): void; resume(): void } };
  };
  return transport.ws;
}

/**
 * A failover that loses acknowledged writes, to a master whose clock is behind and stays behind: what is stored there
 * next would get the very offset of what was lost, or one before it. Nobody may take it for what was lost.
 */
describe('a failover that loses an acknowledged message, to a clock that stays behind', () => {
  let store: SingleRedis;
  let wire: TcpProxy;
  let replica: RedisProcess;
  let node: BeelineNode;
  let alice: TestClient;
  let bob: string;
  let lost: string;

  beforeEach(async () => {
    bob = uniqueUser('bob');
    const clock = new SteppedClock();
    store = await SingleRedis.start([], { clock });
    const wiring = await store.connect();
    wire = wiring.wire as TcpProxy;
    replica = await store.startReplica([], clockOff('-1h'));
    node = await startNode({
      REDIS_KEY_PREFIX: uniquePrefix(),
      INBOX_MAX_BYTES: `${64 * 2 ** 20}`,
      SEND_RATE_PER_SECOND: '100000',
      ...wiring.environment,
    });
    alice = await TestClient.connect(node, uniqueUser('alice'), { reconnection: true });
    for (const i of [1, 2, 3, 4]) await alice.send(bob, i, `c-${i}`);
    clock.step(-3600);
    await waitUntil('the clock is behind', async () => {
      const [seconds] = (await store.server.command('TIME')) as string[];
      return Number(seconds) * 1000 < Date.now() - 1_800_000;
    });
  });
  afterEach(async () => {
    TestClient.closeAll();
    await closeNodes(node);
    wire.close();
    await store.close();
  });

  /** The fifth message is acknowledged and lost. */
  async function loseFifth(): Promise<void> {
    await waitUntil(
      'the replica has all before',
      async () => (await appliedOf(replica)) >= (await sentBy(store.server)),
    );
    await replica.command('REPLICAOF', 'NO', 'ONE');
    lost = String((await alice.send(bob, 'lost', 'c-lost'))['offset']);
  }

  async function failOver(): Promise<void> {
    await store.server.close();
    store.server = replica;
    wire.cutAll();
    await waitUntil('the sixth is stored', async () => {
      const answer = await alice.request('message:send', { to: bob, body: 'sixth', clientId: 'c-6' });
      return answer.ok;
    });
  }

  const sixthOf = (client: TestClient) => client.messages.find(({ body }) => body === 'sixth');

  it('reaches a device that was connected all the time, and one that repeats its ack of what was lost', async () => {
    const live = await TestClient.connect(node, bob, { deviceId: 'phone', reconnection: true });
    await live.receives(4);
    await live.request('inbox:ack', { channel: 'chat', offset: live.messages[3]?.offset });
    await loseFifth();
    await live.receives(5);
    await failOver();
    const repeat = setInterval(
      () => live.socket.emit('inbox:ack', { channel: 'chat', offset: lost }, () => undefined),
      20,
    );
    await waitUntil('the sixth has come', () => sixthOf(live) !== undefined, 10_000).finally(() =>
      clearInterval(repeat),
    );
    expect(sixthOf(live)?.offset).not.toBe(lost);
  });

  it('reaches a device that was away and says since, or acks, what was lost', async () => {
    const before = await TestClient.connect(node, bob, { deviceId: 'phone' });
    await before.receives(4);
    await before.request('inbox:ack', { channel: 'chat', offset: before.messages[3]?.offset });
    await loseFifth();
    await before.receives(5);
    before.close();
    await failOver();
    await waitUntil('it is ready', async () => (await fetch(`${node.url}/readyz`)).ok);
    const back = await TestClient.connect(node, bob, { deviceId: 'phone', since: { chat: lost } });
    expect(back.bodies()).toEqual(['sixth']);
  });

  it('reaches a device that lags far behind, after all that it has not read yet', async () => {
    const slow = await TestClient.connect(node, bob, { deviceId: 'phone' });
    await slow.receives(4);
    readingOf(slow).pause();
    for (const i of BACKLOG) await alice.send(bob, { i, bulk: BULK }, `b-${i}`);
    await loseFifth();
    await failOver();
    expect(slow.messages).toHaveLength(4);
    readingOf(slow).resume();
    await waitUntil('the sixth has come', () => sixthOf(slow) !== undefined, 20_000);
    const numbers = slow.messages.slice(4, -1).map(({ body }) => (body as { i: number }).i);
    expect(numbers).toEqual(BACKLOG);
    expect(slow.messages.at(-1)).toMatchObject({ body: 'sixth' });
  });

  it('stores anew what was lost, when its sender repeats it', async () => {
    await loseFifth();
    await failOver();
    const again = await alice.send(bob, 'lost', 'c-lost');
    expect(again).toMatchObject({ duplicate: false });
    expect(again['offset']).not.toBe(lost);
  });
});

async function appliedOf(server: RedisProcess): Promise<number> {
  return Number(
    /slave_repl_offset:(\d+)/.exec(String(await server.command('INFO', 'replication')))?.[1] ?? -1,
  );
}

async function sentBy(server: RedisProcess): Promise<number> {
  return Number(/master_repl_offset:(\d+)/.exec(String(await server.command('INFO', 'replication')))?.[1]);
}
