import type { Socket } from 'socket.io';
import { Hub } from '../../src/hub';
import { InboxService } from '../../src/inbox';
import type { UserId } from '../../src/shared';
import {
  type BeelineNode,
  closeNodes,
  rest,
  scrape,
  startCluster,
  TestClient,
  tokenFor,
  uniqueUser,
  waitUntil,
} from '../support';

const MAX_BUFFERED_BYTES = 262_144;
const BODY = 'x'.repeat(15_000);
const PAGE_BYTES = 4 * 15_500;
const MORE_THAN_THE_NETWORK_TAKES = 1000;

interface WebSocket {
  isPaused: boolean;
  pause(): void;
  resume(): void;
}

/** The client library's WebSocket, or the node's: either can stop reading. */
function webSocketOf(engine: unknown): WebSocket {
  const { transport } = engine as { transport: { ws?: WebSocket; socket?: WebSocket } };
  return (transport.ws ?? transport.socket) as WebSocket;
}

const readingOf = (client: TestClient): WebSocket => webSocketOf(client.socket.io.engine);

describe('promise 6: a client that does not read costs a fixed amount of memory', () => {
  let node: BeelineNode;
  let bob: string;

  beforeAll(async () => {
    [node] = (await startCluster(1, {
      MAX_BUFFERED_BYTES: `${MAX_BUFFERED_BYTES}`,
      INBOX_MAX_BYTES: `${64 * 2 ** 20}`,
      SEND_RATE_PER_SECOND: '100000',
    })) as [BeelineNode];
  });
  beforeEach(() => {
    bob = uniqueUser('bob');
  });
  afterEach(() => TestClient.closeAll());
  afterAll(() => closeNodes(node));

  /** The node's side of a connection of bob's. */
  function nodeSide(client: TestClient): { bufferedBytes: () => number; webSocket: WebSocket } {
    const connections = node.app.get<Hub>(Hub).connectionsOf(bob as UserId);
    const outlet = connections.find(({ id }) => id === client.session.connectionId)?.outlet;
    if (outlet === undefined) throw new Error('the connection is not there');
    const { conn } = (outlet as unknown as { socket: Socket }).socket;
    return { bufferedBytes: () => outlet.bufferedBytes(), webSocket: webSocketOf(conn) };
  }

  async function isOnline(): Promise<boolean> {
    const { body } = await rest(node, 'GET', `/presence/${bob}`, { token: tokenFor('asker') });
    return (body['presence'] as Record<string, { online: boolean }>)[bob]?.online === true;
  }

  it('merely slow, it is not cut off, nobody else waits for it, and it gets everything in order', async () => {
    const slow = await TestClient.connect(node, bob, { deviceId: 'slow' });
    const quick = await TestClient.connect(node, bob, { deviceId: 'quick' });
    const alice = await TestClient.connect(node, uniqueUser('alice'));
    const { bufferedBytes } = nodeSide(slow);
    readingOf(slow).pause();
    const offsets: unknown[] = [];
    for (let i = 0; i < MORE_THAN_THE_NETWORK_TAKES; i += 1) {
      offsets.push((await alice.send(bob, BODY, `c-${i}`))['offset']);
      expect(bufferedBytes()).toBeLessThan(MAX_BUFFERED_BYTES + PAGE_BYTES);
    }
    await quick.receives(offsets.length);
    expect(bufferedBytes()).toBeGreaterThan(MAX_BUFFERED_BYTES);
    expect(slow.messages.length).toBeLessThan(offsets.length);
    expect(await scrape(node)).toMatchObject({ beeline_lagging_connections: 1, beeline_evictions_total: 0 });

    // It reads in sips.
    while (slow.messages.length < offsets.length) {
      readingOf(slow).resume();
      const had = slow.messages.length;
      await waitUntil('more has come', () => slow.messages.length > had);
      readingOf(slow).pause();
    }
    readingOf(slow).resume();
    expect(slow.messages.map(({ offset }) => offset)).toEqual(offsets);
    expect(slow.disconnectReason).toBeUndefined();
    const seen = await scrape(node);
    expect(seen['beeline_lagging_connections']).toBe(0);
    expect(seen['beeline_catchups_total{cause="lagging"}']).toBeGreaterThan(0);
  });

  describe('that fills its own buffer with requests', () => {
    let greedy: TestClient;
    let answers: unknown[];
    let handled: number;

    beforeEach(async () => {
      const alice = await TestClient.connect(node, uniqueUser('alice'));
      for (let i = 0; i < 4; i += 1) await alice.send(bob, BODY, `c-${i}`);
      greedy = await TestClient.connect(node, bob);
      answers = [];
      handled = 0;
      const inbox = node.app.get<InboxService>(InboxService);
      const pull = inbox.pull.bind(inbox);
      jest.spyOn(inbox, 'pull').mockImplementation(async (...args) => {
        const page = await pull(...args);
        handled += 1;
        return page;
      });
      readingOf(greedy).pause();
    });
    afterEach(() => {
      jest.restoreAllMocks();
      // It reads that it has been ended, and lets go.
      readingOf(greedy).resume();
    });

    const ask = (): void => {
      greedy.socket.emit(
        'inbox:pull',
        { channel: 'chat', after: '0-0', limit: 4 } as never,
        (answer: unknown) => answers.push(answer),
      );
    };

    /** One request after another, until the node does not read them any more. */
    async function askUntilPaused(webSocket: WebSocket): Promise<number> {
      let asked = 0;
      for (; !webSocket.isPaused; asked += 1) {
        ask();
        await waitUntil('it is handled', () => handled > asked || webSocket.isPaused);
      }
      return asked;
    }

    it('is paused: nothing more is read from it until it has taken everything', async () => {
      const { webSocket, bufferedBytes } = nodeSide(greedy);
      const asked = await askUntilPaused(webSocket);
      const filled = bufferedBytes();
      expect(filled).toBeGreaterThan(1.5 * MAX_BUFFERED_BYTES);
      expect(filled).toBeLessThan(2 * MAX_BUFFERED_BYTES);

      for (let i = 0; i < 50; i += 1) ask();
      const bystander = await TestClient.connect(node, uniqueUser('carol'));
      for (let i = 0; i < 50; i += 1) await bystander.request('presence:get', { users: [bob] });
      expect(handled).toBe(asked);
      expect(bufferedBytes()).toBe(filled);

      readingOf(greedy).resume();
      await waitUntil('everything is answered', () => answers.length === asked + 50);
      expect(webSocket.isPaused).toBe(false);
      expect(greedy.disconnectReason).toBeUndefined();
    });

    it('and is ended, where what it had sent before fills twice the limit', async () => {
      const { webSocket, bufferedBytes } = nodeSide(greedy);
      await askUntilNearly(bufferedBytes);
      expect(webSocket.isPaused).toBe(false);
      for (let i = 0; i < 100; i += 1) ask();
      await waitUntil('bob is offline', async () => !(await isOnline()));
      expect((await scrape(node))['beeline_evictions_total']).toBe(1);
      expect(bufferedBytes()).toBeLessThan(2 * MAX_BUFFERED_BYTES + PAGE_BYTES);

      // What waited for it is thrown away, and still in the inbox.
      const back = await TestClient.connect(node, bob);
      expect(back.bodies()).toEqual([BODY, BODY, BODY, BODY]);
    });

    /** So many that one page more would not yet stop the reading. */
    async function askUntilNearly(bufferedBytes: () => number): Promise<void> {
      for (let asked = 0; bufferedBytes() < MAX_BUFFERED_BYTES; asked += 1) {
        ask();
        await waitUntil('it is handled', () => handled > asked);
      }
    }
  });
});
