import { type BeelineNode, closeNodes, rest, startTrio, TestClient, tokenFor, uniqueUser } from '../support';

const KEPT = 5;

describe('an inbox that keeps only so much', () => {
  let a: BeelineNode;
  let b: BeelineNode;
  let c: BeelineNode;
  let alice: TestClient;
  let bob: string;

  beforeAll(async () => {
    [a, b, c] = await startTrio({ INBOX_MAX_LENGTH: `${KEPT}`, INBOX_MAX_BYTES: '10000' });
  });
  beforeEach(async () => {
    alice = await TestClient.connect(a, uniqueUser('alice'));
    bob = uniqueUser('bob');
  });
  afterEach(TestClient.closeAll);
  afterAll(() => closeNodes(a, b, c));

  const chatEvents = ({ events }: TestClient) =>
    events
      .filter(({ payload }) => (payload as { channel?: string }).channel === 'chat')
      .map(({ event, payload }) => (event === 'message' ? (payload as { body: unknown }).body : event));

  it('tells a returning device of the cut, before the first message after it', async () => {
    const [first] = await alice.sendSeries(bob, 1);
    const token = tokenFor(bob);
    await rest(a, 'POST', '/inbox/chat/ack', { token, body: { offset: first, deviceId: 'phone' } });
    const offsets = await alice.sendSeries(bob, 9);
    const phone = await TestClient.connect(b, bob, { deviceId: 'phone' });
    expect(chatEvents(phone)).toEqual(['inbox:truncated', 4, 5, 6, 7, 8, 'inbox:synced']);
    expect(phone.payloadsOf('inbox:truncated')).toEqual([
      { channel: 'chat', since: first, oldest: offsets[4] },
    ]);
  });

  it('tells a new device of the cut too: what was before it never comes', async () => {
    const offsets = await alice.sendSeries(bob, 7);
    const fresh = await TestClient.connect(b, bob);
    expect(fresh.payloadsOf('inbox:truncated')).toEqual([
      { channel: 'chat', since: '0-0', oldest: offsets[2] },
    ]);
    expect(fresh.bodies()).toEqual([2, 3, 4, 5, 6]);
  });

  it('tells nothing where the device has all that was cut', async () => {
    const offsets = await alice.sendSeries(bob, KEPT);
    const token = tokenFor(bob);
    await rest(a, 'POST', '/inbox/chat/ack', {
      token,
      body: { offset: offsets[KEPT - 1], deviceId: 'phone' },
    });
    await alice.sendSeries(bob, KEPT);
    const phone = await TestClient.connect(b, bob, { deviceId: 'phone' });
    expect(chatEvents(phone)).toEqual([0, 1, 2, 3, 4, 'inbox:synced']);
  });

  it('pushes everything to a device that is connected', async () => {
    const live = await TestClient.connect(c, bob);
    await alice.sendSeries(bob, 3 * KEPT);
    await live.receives(3 * KEPT);
    expect(live.payloadsOf('inbox:truncated')).toEqual([]);
  });

  it('bounds bytes as well, and always keeps the newest', async () => {
    const client = await TestClient.connect(a, bob);
    await alice.send(bob, 'x'.repeat(4000), 'c-1');
    await alice.send(bob, 'y'.repeat(4000), 'c-2');
    await alice.send(bob, 'z'.repeat(12_000), 'c-3');
    await client.receives(3);
    const { body } = await rest(b, 'GET', '/inbox/chat', { token: tokenFor(bob) });
    expect((body['messages'] as { clientId: string }[]).map(({ clientId }) => clientId)).toEqual(['c-3']);
  });

  it('counts as unread only what is kept', async () => {
    const unread = async () => {
      const { body } = await rest(c, 'GET', '/inbox', { token: tokenFor(bob) });
      return (body['channels'] as { chat: { unread: number } }).chat.unread;
    };
    const [first] = await alice.sendSeries(bob, 3);
    expect(await unread()).toBe(3);
    const offsets = await alice.sendSeries(bob, 9);
    expect(await unread()).toBe(KEPT);
    const token = tokenFor(bob);
    const read = async (offset: string | undefined) =>
      (await rest(a, 'POST', '/inbox/chat/read', { token, body: { offset } })).body['unread'];
    expect(await read(first)).toBe(KEPT);
    expect(await read(offsets[6])).toBe(2);
    expect(await read(offsets[8])).toBe(0);
    await alice.sendSeries(bob, 2);
    expect(await unread()).toBe(2);
  });

  it('recognises a repeat whose message has been cut already', async () => {
    const first = await alice.send(bob, 'long ago', 'c-1');
    await alice.sendSeries(bob, 2 * KEPT);
    expect(await alice.send(bob, 'long ago', 'c-1')).toEqual({ ...first, duplicate: true });
  });
});
