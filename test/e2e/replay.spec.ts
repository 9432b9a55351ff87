import {
  type BeelineNode,
  closeNodes,
  rest,
  startTrio,
  TestClient,
  tokenFor,
  uniqueUser,
  waitUntil,
} from '../support';

describe('replay: what a device missed comes when it connects', () => {
  let a: BeelineNode;
  let b: BeelineNode;
  let c: BeelineNode;
  let alice: TestClient;
  let bob: string;

  beforeAll(async () => {
    [a, b, c] = await startTrio();
  });
  beforeEach(async () => {
    alice = await TestClient.connect(a, uniqueUser('alice'));
    bob = uniqueUser('bob');
  });
  afterEach(TestClient.closeAll);
  afterAll(() => closeNodes(a, b, c));

  const bodiesOnConnect = async (options = {}) => (await TestClient.connect(c, bob, options)).bodies();

  it('starts at the beginning for a device that is new and a user who has read nothing', async () => {
    await alice.sendSeries(bob, 3);
    expect(await bodiesOnConnect({ deviceId: 'phone' })).toEqual([0, 1, 2]);
    expect(await bodiesOnConnect()).toEqual([0, 1, 2]);
  });

  it('goes over many pages without a gap, and then meets the live flow', async () => {
    // Three pages: by number (200) and by bytes (256 KiB).
    await Promise.all(
      Array.from({ length: 230 }, (_, i) => alice.send(bob, { i, ballast: 'x'.repeat(3000) }, `c-${i}`)),
    );
    const device = await TestClient.connect(b, bob);
    expect(device.messages).toHaveLength(230);
    await alice.send(bob, 'live', 'c-live');
    await device.receives(231);
    const seen = device.messages.map(({ offset }) => offset);
    const { body } = await rest(a, 'GET', '/inbox/chat?limit=1', { token: tokenFor(bob) });
    expect(seen[0]).toBe((body['messages'] as { offset: string }[])[0]?.offset);
    expect(new Set(seen).size).toBe(231);
  });

  describe('of a named device', () => {
    it('starts at its own delivered cursor, whichever node it comes to', async () => {
      const offsets = await alice.sendSeries(bob, 4);
      const phone = await TestClient.connect(b, bob, { deviceId: 'phone' });
      expect(await phone.request('inbox:ack', { channel: 'chat', offset: offsets[1] })).toEqual({
        ok: true,
        channel: 'chat',
        delivered: offsets[1],
      });
      phone.close();
      expect(await bodiesOnConnect({ deviceId: 'phone' })).toEqual([2, 3]);
      expect(await bodiesOnConnect({ deviceId: 'laptop' })).toEqual([0, 1, 2, 3]);
    });

    it('is not moved by what the user has read elsewhere', async () => {
      const offsets = await alice.sendSeries(bob, 3);
      const token = tokenFor(bob);
      await rest(a, 'POST', '/inbox/chat/ack', { token, body: { offset: offsets[0], deviceId: 'phone' } });
      await rest(a, 'POST', '/inbox/chat/read', { token, body: { offset: offsets[2] } });
      expect(await bodiesOnConnect({ deviceId: 'phone' })).toEqual([1, 2]);
    });

    it('starts at the read cursor where it has acked nothing', async () => {
      const offsets = await alice.sendSeries(bob, 3);
      await rest(a, 'POST', '/inbox/chat/read', { token: tokenFor(bob), body: { offset: offsets[0] } });
      expect(await bodiesOnConnect({ deviceId: 'phone' })).toEqual([1, 2]);
    });

    it('goes on behind a cursor that lies between two messages', async () => {
      const [first] = await alice.sendSeries(bob, 1);
      const offset = `${first}999`;
      const sentAt = Date.now();
      await waitUntil('the millisecond is another', () => Date.now() > sentAt + 1);
      const token = tokenFor(bob);
      await alice.send(bob, 'after', 'c-after');
      await rest(a, 'POST', '/inbox/chat/ack', { token, body: { offset, deviceId: 'phone' } });
      await rest(a, 'POST', '/inbox/chat/read', { token, body: { offset } });
      expect(await bodiesOnConnect({ deviceId: 'phone' })).toEqual(['after']);
      expect(await bodiesOnConnect()).toEqual(['after']);
    });

    it('acks cumulatively: never back, never beyond the last message', async () => {
      const offsets = await alice.sendSeries(bob, 3);
      const phone = await TestClient.connect(b, bob, { deviceId: 'phone' });
      const ack = async (offset: string | undefined) =>
        (await phone.request('inbox:ack', { channel: 'chat', offset })) as object;
      expect(await ack(offsets[1])).toMatchObject({ delivered: offsets[1] });
      expect(await ack(offsets[0])).toMatchObject({ delivered: offsets[1] });
      expect(await ack('9999999999999999-0')).toMatchObject({ delivered: offsets[2] });
      await alice.send(bob, 'after', 'c-after');
      phone.close();
      expect(await bodiesOnConnect({ deviceId: 'phone' })).toEqual(['after']);
    });

    it('ends up at the last of many acks sent at once', async () => {
      const offsets = await alice.sendSeries(bob, 20);
      const phone = await TestClient.connect(b, bob, { deviceId: 'phone' });
      const answers = await Promise.all(
        offsets.map((offset) => phone.request('inbox:ack', { channel: 'chat', offset })),
      );
      expect(answers.every(({ ok }) => ok)).toBe(true);
      phone.close();
      expect(await bodiesOnConnect({ deviceId: 'phone' })).toEqual([]);
    });
  });

  describe('of a device without a name', () => {
    it('starts at the read cursor; its acks hold for the connection only', async () => {
      const offsets = await alice.sendSeries(bob, 3);
      const unnamed = await TestClient.connect(b, bob);
      const ack = async (offset: string | undefined) =>
        (await unnamed.request('inbox:ack', { channel: 'chat', offset })) as object;
      expect(await ack(offsets[1])).toMatchObject({ delivered: offsets[1] });
      expect(await ack(offsets[0])).toMatchObject({ delivered: offsets[1] });
      unnamed.close();
      expect(await bodiesOnConnect()).toEqual([0, 1, 2]);

      await rest(a, 'POST', '/inbox/chat/read', { token: tokenFor(bob), body: { offset: offsets[1] } });
      expect(await bodiesOnConnect()).toEqual([2]);
    });
  });

  describe('with `since`', () => {
    const acked = async (offsets: string[], upTo: number) =>
      rest(a, 'POST', '/inbox/chat/ack', {
        token: tokenFor(bob),
        body: { offset: offsets[upTo], deviceId: 'phone' },
      });

    it('starts there where that is later than the cursor, as an object or as JSON text', async () => {
      const offsets = await alice.sendSeries(bob, 4);
      await acked(offsets, 0);
      expect(await bodiesOnConnect({ since: { chat: offsets[2] } })).toEqual([3]);
      expect(await bodiesOnConnect({ since: JSON.stringify({ chat: offsets[1] }) })).toEqual([2, 3]);
      expect(await bodiesOnConnect({ deviceId: 'phone', since: { chat: offsets[1] } })).toEqual([2, 3]);
    });

    it('is an ack of a named device', async () => {
      const offsets = await alice.sendSeries(bob, 4);
      const phone = await TestClient.connect(b, bob, { deviceId: 'phone', since: { chat: offsets[2] } });
      expect(phone.session.channels['chat']?.delivered).toBe(offsets[2]);
      phone.close();
      expect(await bodiesOnConnect({ deviceId: 'phone' })).toEqual([3]);
    });

    it('gives way to a cursor that is later', async () => {
      const offsets = await alice.sendSeries(bob, 4);
      await acked(offsets, 2);
      expect(await bodiesOnConnect({ deviceId: 'phone', since: { chat: offsets[0] } })).toEqual([3]);
    });

    it('counts for the channels that it names', async () => {
      const [chat] = await alice.sendSeries(bob, 1);
      await alice.sendSeries(bob, 2, { channel: 'notification' });
      expect(await bodiesOnConnect({ since: { chat, nowhere: chat } })).toEqual([0, 1]);
    });

    it.each([
      ['an offset beyond the last', { chat: '9999999999999999-0' }],
      ['the beginning', { chat: '0-0' }],
      ['no offset', { chat: 'yesterday' }],
      ['a number', { chat: 7 }],
      ['an array', ['1-0']],
      ['text that is no JSON', '{"chat":'],
      ['JSON text of no object', '[]'],
      ['true', true],
    ])('ignores %s', async (_what, since) => {
      await alice.sendSeries(bob, 2);
      const auth = { token: tokenFor(bob), since, whatever: { unknown: true } };
      expect(await bodiesOnConnect({ auth })).toEqual([0, 1]);
    });
  });
});
