import {
  type BeelineNode,
  closeNodes,
  rest,
  startTrio,
  TestClient,
  tokenFor,
  uniqueUser,
  aString,
} from '../support';

interface PulledPage {
  messages: { body: unknown; offset: string }[];
  next: string;
  more: boolean;
}

describe('an inbox, pulled', () => {
  let a: BeelineNode;
  let b: BeelineNode;
  let c: BeelineNode;
  let alice: TestClient;
  let bob: string;
  let offsets: string[];

  beforeAll(async () => {
    [a, b, c] = await startTrio();
  });
  beforeEach(async () => {
    alice = await TestClient.connect(a, uniqueUser('alice'));
    bob = uniqueUser('bob');
    offsets = await alice.sendSeries(bob, 6);
  });
  afterEach(TestClient.closeAll);
  afterAll(() => closeNodes(a, b, c));

  const get = async (query: string) => {
    const { status, body } = await rest(c, 'GET', `/inbox/chat${query}`, { token: tokenFor(bob) });
    expect(status).toBe(200);
    return body as unknown as PulledPage;
  };
  const bodiesOf = ({ messages }: PulledPage) => messages.map(({ body }) => body);
  const read = (offset: string | undefined) =>
    rest(b, 'POST', '/inbox/chat/read', { token: tokenFor(bob), body: { offset } });

  it('gives what is unread where nothing else is asked for, with whole messages', async () => {
    await read(offsets[2]);
    const page = await get('');
    expect(bodiesOf(page)).toEqual([3, 4, 5]);
    expect(page).toMatchObject({ next: offsets[5], more: false });
    expect(page.messages[0]).toEqual({
      id: aString(),
      channel: 'chat',
      from: alice.session.userId,
      to: bob,
      body: 3,
      clientId: aString(),
      sentAt: Number(offsets[3]?.split('-')[0]),
      offset: offsets[3],
    });
  });

  it('moves no cursor', async () => {
    await get('');
    expect(bodiesOf(await get(''))).toHaveLength(6);
  });

  it('goes forward by `after`, page by page', async () => {
    const first = await get('?after=0-0&limit=4');
    expect(bodiesOf(first)).toEqual([0, 1, 2, 3]);
    expect(first).toMatchObject({ next: offsets[3], more: true });
    const second = await get(`?after=${first.next}&limit=2`);
    expect(bodiesOf(second)).toEqual([4, 5]);
    expect(second).toMatchObject({ next: offsets[5], more: false });
    expect(await get(`?after=${second.next}`)).toEqual({ messages: [], next: offsets[5], more: false });
  });

  it('reads history backwards by `before`, newest first', async () => {
    await read(offsets[5]);
    const first = await get(`?before=${offsets[5]}&limit=3`);
    expect(bodiesOf(first)).toEqual([4, 3, 2]);
    expect(first).toMatchObject({ next: offsets[2], more: true });
    const second = await get(`?before=${first.next}&limit=3`);
    expect(bodiesOf(second)).toEqual([1, 0]);
    expect(second).toMatchObject({ next: offsets[0], more: false });
    expect(await get(`?before=${second.next}`)).toEqual({ messages: [], next: offsets[0], more: false });
    expect(await get('?before=0-0')).toEqual({ messages: [], next: '0-0', more: false });
  });

  it('takes the newest page by a `before` beyond the last, leading zeros or not', async () => {
    expect(bodiesOf(await get('?before=9999999999999999-9999999999999999&limit=1'))).toEqual([5]);
    expect(bodiesOf(await get(`?after=00${offsets[4]}`))).toEqual([5]);
  });

  it('has pages of 50 by default and of 200 at most', async () => {
    await alice.sendSeries(bob, 200);
    expect((await get('')).messages).toHaveLength(50);
    const page = await get('?limit=200');
    expect(page.messages).toHaveLength(200);
    expect(page.more).toBe(true);
  });

  it('ends a page at 256 KiB', async () => {
    const ballast = 'x'.repeat(16_000);
    for (let i = 0; i < 20; i += 1) await alice.send(bob, ballast, `big-${i}`, { channel: 'notification' });
    const { body } = await rest(a, 'GET', '/inbox/notification?limit=200', { token: tokenFor(bob) });
    const page = body as unknown as PulledPage;
    expect(page.more).toBe(true);
    expect(page.messages).toHaveLength(16);
  });

  it('answers the same over Socket.IO', async () => {
    const client = await TestClient.connect(b, bob);
    const payloads: [object, string][] = [
      [{}, ''],
      [{ after: offsets[1], limit: 2 }, `?after=${offsets[1]}&limit=2`],
      [{ before: offsets[3] }, `?before=${offsets[3]}`],
    ];
    for (const [payload, query] of payloads) {
      const answer = await client.request('inbox:pull', { channel: 'chat', ...payload });
      expect(answer).toEqual({ ok: true, channel: 'chat', ...(await get(query)) });
    }
  });

  it('shows nobody the inbox of another', async () => {
    const { body } = await rest(a, 'GET', '/inbox/chat?after=0-0', { token: tokenFor(uniqueUser('eve')) });
    expect(body).toEqual({ messages: [], next: '0-0', more: false });
  });

  it('tells what is unread without it being counted, and the cursor goes forward only', async () => {
    const summary = async () => (await rest(a, 'GET', '/inbox', { token: tokenFor(bob) })).body['channels'];
    expect(await summary()).toEqual({
      chat: { read: '0-0', unread: 6, last: offsets[5] },
      notification: { read: '0-0', unread: 0, last: '0-0' },
      sent: { read: '0-0', unread: 0, last: '0-0' },
    });
    expect((await read(offsets[3])).body).toEqual({ channel: 'chat', read: offsets[3], unread: 2 });
    expect((await read(offsets[1])).body).toEqual({ channel: 'chat', read: offsets[3], unread: 2 });
    const client = await TestClient.connect(b, bob);
    expect(await client.request('inbox:read', { channel: 'chat', offset: offsets[4] })).toEqual({
      ok: true,
      channel: 'chat',
      read: offsets[4],
      unread: 1,
    });
    await alice.sendSeries(bob, 2);
    expect(await summary()).toMatchObject({ chat: { read: offsets[4], unread: 3 } });
    expect((await read('9999999999999999-1')).body).toMatchObject({ unread: 0 });
    expect((await read('0-0')).body).toMatchObject({ unread: 0 });
  });

  it('counts as read up to an offset that lies between two messages', async () => {
    const [ms, n] = (offsets[2] ?? '').split('-').map(Number);
    const { body } = await read(`${ms}-${(n ?? 0) + 1}`);
    const expected = `${ms}-${(n ?? 0) + 1}` === offsets[3] ? 2 : 3;
    expect(body['unread']).toBe(expected);
  });
});
