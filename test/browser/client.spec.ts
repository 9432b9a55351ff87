import type { Browser, Page } from 'playwright-core';
import { type BeelineNode, rest, startCluster, TestClient, tokenFor, waitUntil } from '../support';
import { startBrowser, Visitor } from '../support/browser';

/** `public/beeline-client.js` by itself, in the page's own origin: what people copy. */
describe('the client that the page is made of', () => {
  let browser: Browser;
  let nodes: BeelineNode[];
  let node: BeelineNode;
  let visitor: Visitor;
  let page: Page;

  beforeAll(async () => {
    [browser, nodes] = await Promise.all([startBrowser(), startCluster(1, { LOCAL_ACCOUNTS: 'off' })]);
    node = nodes[0]!;
  });
  beforeEach(async () => {
    visitor = await Visitor.arrive(browser, node.url);
    page = visitor.page;
  });
  afterEach(() => page.context().close());
  afterAll(async () => {
    await browser?.close();
    await Promise.all(nodes?.map((each) => each.close()) ?? []);
  });

  /** A client in the page, as `client`, that writes down what it is told. */
  async function startClient(user: string, tokens = [tokenFor(user)]): Promise<void> {
    await page.evaluate(`(async () => {
      const { BeelineClient } = await import('/beeline-client.js');
      const tokens = ${JSON.stringify(tokens)};
      window.asked = [];
      window.states = [];
      window.messages = [];
      window.client = new BeelineClient({
        deviceId: 'tab',
        getToken: async (renew) => {
          window.asked.push(renew);
          return tokens.length > 1 ? tokens.shift() : tokens[0];
        },
        on: {
          status: (status) => window.states.push(status),
          session: (session) => (window.session = session),
          message: (message) => window.messages.push(message),
        },
      });
      window.client.connect();
    })()`);
  }

  /**
   * Cuts the connection in place of the first `count` frames that match. Returns the frames that came from the server.
   */
  async function cutAfter(cut: {
    fromServer?: RegExp;
    fromClient?: RegExp;
    count: number;
  }): Promise<string[]> {
    const seen: string[] = [];
    await page.routeWebSocket(/socket\.io/, (socket) => {
      const server = socket.connectToServer();
      const pass = (frame: string, cutAt: RegExp | undefined, forward: () => void): void => {
        if (cut.count === 0 || !cutAt?.test(frame)) return forward();
        cut.count -= 1;
        void server.close();
        void socket.close();
      };
      socket.onMessage((frame) => pass(frame.toString(), cut.fromClient, () => server.send(frame)));
      server.onMessage((frame) => {
        seen.push(frame.toString());
        pass(frame.toString(), cut.fromServer, () => socket.send(frame));
      });
    });
    // The page's own `WebSocket` is replaced as it loads.
    await page.reload();
    return seen;
  }

  /** How far the server knows that the page's device has everything. */
  async function deliveredOf(user: string): Promise<string | undefined> {
    const { body } = await rest(node, 'POST', '/inbox/chat/ack', {
      token: tokenFor(user),
      body: { offset: '0-0', deviceId: 'tab' },
    });
    return body['delivered'] as string | undefined;
  }

  const states = (): Promise<string[]> => page.evaluate<string[]>('states.map(({ state }) => state)');
  const isOnline = (): Promise<void> =>
    waitUntil('the client is online', async () => (await states()).at(-1) === 'online');

  it('compares offsets as numbers', async () => {
    const compare = (a: string, b: string): Promise<number> =>
      page.evaluate<number>(
        `import('/beeline-client.js').then(({ compareOffsets }) => compareOffsets('${a}', '${b}'))`,
      );
    expect(await compare('9-0', '10-0')).toBe(-1);
    expect(await compare('10-10', '10-9')).toBe(1);
    expect(await compare('9007199254740993-0', '9007199254740992-0')).toBe(1);
    expect(await compare('0010-1', '10-1')).toBe(0);
  });

  it('sends few acks for many messages, and the last of them covers all', async () => {
    const sender = await TestClient.connect(node, 'sender');
    const count = 40;
    for (let i = 0; i < count; i += 1) await sender.send('acker', { i }, `c-${i}`);
    await startClient('acker');
    await waitUntil('all have come', async () => (await page.evaluate<number>('messages.length')) === count);
    const last = await page.evaluate<string>('messages.at(-1).offset');
    await waitUntil('the server knows', async () => (await deliveredOf('acker')) === last);
    const acks = visitor.sent.filter(({ event }) => event === 'inbox:ack');
    expect(acks.length).toBeLessThan(count / 4);
    sender.close();
  });

  it('sends again what had no answer, with the same clientId, and it is stored once', async () => {
    await cutAfter({ fromServer: /"duplicate":/, count: 2 });
    const receiver = await TestClient.connect(node, 'once');
    await startClient('repeater');
    await isOnline();
    const answer = await page.evaluate<{ duplicate: boolean }>(`client.send({ to: 'once', body: 'x' })`);
    expect(answer.duplicate).toBe(true);
    const again = ['reconnecting', 'online'];
    expect(await states()).toEqual(['connecting', 'online', ...again, ...again]);
    await receiver.send('once', 'last', 'c-1');
    await waitUntil('the last has come', () => receiver.messages.at(-1)?.body === 'last');
    expect(receiver.messages.map(({ body }) => body)).toEqual(['x', 'last']);
    receiver.close();
  });

  it('hands over a message once, though it comes again because its ack was lost', async () => {
    const seen = await cutAfter({ fromClient: /"inbox:ack"/, count: 2 });
    const sender = await TestClient.connect(node, 'sender');
    await startClient('deduper');
    await isOnline();
    await sender.send('deduper', 'x', 'c-1');
    await waitUntil('it is acked', async () => (await deliveredOf('deduper')) !== '0-0');
    expect(seen.filter((frame) => frame.includes('["message",'))).toHaveLength(3);
    expect(await page.evaluate<unknown[]>('messages.map(({ body }) => body)')).toEqual(['x']);
    sender.close();
  });

  it('acks a message that the page fails to show, which so comes once and holds up nothing', async () => {
    const sender = await TestClient.connect(node, 'sender');
    await startClient('shower');
    await isOnline();
    await page.evaluate(`(() => {
      const { push } = Array.prototype;
      window.messages.push = (message) => {
        if (message.body === 'poison') throw new Error('it can not be shown');
        return push.call(window.messages, message);
      };
    })()`);
    for (const [i, body] of ['before', 'poison', 'after'].entries())
      await sender.send('shower', body, `c-${i}`);
    await waitUntil('the last has come', async () => (await page.evaluate<number>('messages.length')) === 2);
    const last = await page.evaluate<string>('messages.at(-1).offset');
    await waitUntil('all are acked', async () => (await deliveredOf('shower')) === last);

    const poison = await sender.send('shower', 'poison', 'c-poison');
    await waitUntil('it is acked', async () => (await deliveredOf('shower')) === poison['offset']);
    await page.evaluate('client.close()');
    await startClient('shower');
    await isOnline();
    await sender.send('shower', 'to the next', 'c-next');
    await waitUntil('it has come', async () => (await page.evaluate<number>('messages.length')) > 0);
    expect(await page.evaluate<unknown[]>('messages.map(({ body }) => body)')).toEqual(['to the next']);
    expect(visitor.complaints.filter((line) => line.includes('it can not be shown'))).toHaveLength(2);
    sender.close();
  });

  it('asks for a new token where the last was refused, and gives up where that is refused too', async () => {
    await startClient('tess', ['not a token', tokenFor('tess')]);
    await isOnline();
    expect(await page.evaluate<boolean[]>('asked')).toEqual([false, true]);
    await page.evaluate('client.close()');

    await startClient('tess', ['not a token']);
    await waitUntil('it has given up', async () => (await states()).at(-1) === 'ended');
    expect(await page.evaluate<string>('states.at(-1).reason')).toBe('unauthorized');
    expect(await page.evaluate<boolean[]>('asked')).toEqual([false, true]);
  });

  it("hands over a fresh token at half of the old one's life, and the connection stays", async () => {
    await startClient('vera', [tokenFor('vera', {}, 12_000), tokenFor('vera')]);
    await isOnline();
    const refreshes = () => visitor.sent.filter(({ event }) => event === 'auth:refresh');
    await waitUntil('it is handed over', () => refreshes().length > 0, 10_000);
    await page.evaluate(`client.send({ to: 'vera', body: 'still here' })`);
    expect(await page.evaluate<boolean[]>('asked')).toEqual([false, true]);
    expect(await states()).toEqual(['connecting', 'online']);
    expect(refreshes()).toHaveLength(1);
  });

  it('waits as it is told to where it sends too fast, and everything arrives once, in order', async () => {
    const [slow] = (await startCluster(1, { SEND_RATE_PER_SECOND: '4' })) as [BeelineNode];
    try {
      await page.context().close();
      visitor = await Visitor.arrive(browser, slow.url);
      page = visitor.page;
      const receiver = await TestClient.connect(slow, 'will');
      await startClient('xeno');
      await isOnline();
      const count = 14;
      const sends = `Promise.all(Array.from({ length: ${count} }, (_, i) => client.send({ to: 'will', body: i })))`;
      await page.evaluate(`${sends}.then(() => undefined)`);
      await waitUntil('all have come', () => receiver.messages.length === count);
      expect(receiver.messages.map(({ body }) => body)).toEqual([...Array(count).keys()]);
      const sent = visitor.sent.filter(({ event }) => event === 'message:send');
      const clientIds = new Set(sent.map(({ payload }) => payload['clientId']));
      expect(clientIds.size).toBe(count);
      expect(sent.length).toBeGreaterThan(count);
      receiver.close();
    } finally {
      await slow.close();
    }
  });

  it('stays away where another connection took its place', async () => {
    await startClient('uma');
    await isOnline();
    const other = await TestClient.connect(node, 'uma', { deviceId: 'tab' });
    await waitUntil('it has been told', async () => (await states()).at(-1) === 'ended');
    expect(await page.evaluate<string>('states.at(-1).reason')).toBe('replaced');
    expect(other.socket.connected).toBe(true);
    other.close();
  });
});
