import type { ReceiptDue } from '../../src/inbox';
import type { Channel, DeviceId, Offset, UserId } from '../../src/shared';
import {
  aDevice,
  aMessage,
  aRegistration,
  at,
  aUser,
  CHAT,
  LAPTOP,
  NEWS,
  PHONE,
  register,
  justAfter,
  tick,
} from './fixtures';
import type { OpenStore } from './store-kind';
import { stores } from './stores';

describe.each(stores)('receipts on $name', (kind) => {
  let store: OpenStore;
  let bob: UserId;
  let [alice, eve]: UserId[] = [];
  beforeAll(async () => {
    store = await kind.open();
  });
  afterAll(() => store.close());
  beforeEach(() => {
    bob = aUser();
    [alice, eve] = [aUser(), aUser()];
  });

  /** Bob is sent a message; the sender asks for receipts. */
  const asks = async (from = alice!, channel = CHAT, on = store): Promise<Offset> =>
    (await on.mailbox.append(aMessage({ to: bob, from, channel, receipt: true }), [])).offset;
  const asksNot = async (from = alice!): Promise<Offset> =>
    (await store.mailbox.append(aMessage({ to: bob, from }), [])).offset;
  const ack = async (offset: Offset, device: DeviceId | undefined = PHONE, channel = CHAT, on = store) =>
    (await on.inboxes.moveDelivered(bob, channel, device, offset)).receipts;
  const read = async (offset: Offset, channel = CHAT) =>
    (await store.inboxes.moveRead(bob, channel, offset)).receipts;
  const connectSince = async (offset: Offset, deviceId: DeviceId | undefined): Promise<ReceiptDue[]> => {
    const registration = aRegistration({ userId: bob, deviceId, since: new Map([[CHAT, offset]]) });
    const { receipts } = await register(store, registration);
    expect(receipts.get(NEWS)).toEqual([]);
    return receipts.get(CHAT)!;
  };
  const due = (offset: Offset, sender = alice!): ReceiptDue => ({ sender, offset });
  const states = (of: UserId, ...offsets: Offset[]) =>
    store.inboxes.receiptStates(
      bob,
      of,
      offsets.map((offset) => ({ channel: CHAT, offset })),
    );

  it('are due to who asked, for their latest message covered, and to nobody else', async () => {
    await asks();
    const hers = await asks();
    const eves = await asks(eve);
    await asksNot(eve);
    await asksNot(aUser());
    const last = await asksNot();
    const beyond = await asks();
    const found = await ack(last);
    expect(found).toHaveLength(2);
    expect(found).toEqual(expect.arrayContaining([due(hers), due(eves, eve)]));
    expect(await ack(beyond)).toEqual([due(beyond)]);
  });

  it('are not due where nobody asked, whatever the body looks like', async () => {
    const body = { text: '"from":"eve"', receipt: true };
    const message = aMessage({ to: bob, from: alice });
    const draft = message.draft.replace('"hi"', JSON.stringify(body)) as typeof message.draft;
    const { offset } = await store.mailbox.append({ ...message, draft }, []);
    expect(await ack(offset)).toEqual([]);
    // And where one is looked for because of another message, the body does not say whose it is.
    const next = await asks(eve);
    const laterDraft = message.draft.replace('"hi"}', `${JSON.stringify(body)},"receipt":true}`);
    const id = aMessage({ to: bob }).id;
    const later = { ...message, id, receipt: true, draft: laterDraft as typeof message.draft };
    const { offset: last } = await store.mailbox.append(later, []);
    const found = await ack(last);
    expect(found).toHaveLength(2);
    expect(found).toEqual(expect.arrayContaining([due(next, eve), due(last)]));
  });

  it('of delivery are due for the furthest device alone, named or not', async () => {
    const [first, second, third] = [await asks(), await asks(), await asks()];
    expect(await ack(second)).toEqual([due(second)]);
    expect(await ack(first, LAPTOP)).toEqual([]);
    expect(await ack(second, LAPTOP)).toEqual([]);
    expect(await ack(second, aDevice())).toEqual([]);
    expect(await ack(third, undefined)).toEqual([due(third)]);
    expect(await ack(third, LAPTOP)).toEqual([]);
    expect(await ack(at('9999999999999999-0'))).toEqual([]);
  });

  it('of reading are due once; what has been read needs no word of delivery', async () => {
    const [first, second, third] = [await asks(), await asks(), await asks()];
    expect(await ack(first)).toEqual([due(first)]);
    expect(await read(second)).toEqual([due(second)]);
    expect(await read(second)).toEqual([]);
    expect(await read(first)).toEqual([]);
    expect(await ack(second)).toEqual([]);
    expect(await ack(third, LAPTOP)).toEqual([due(third)]);
    expect(await read(third)).toEqual([due(third)]);
  });

  it('of one channel are none of another', async () => {
    const [chat, news] = [await asks(), await asks(eve, NEWS)];
    expect(await ack(at('9999999999999999-0'))).toEqual([due(chat)]);
    expect(await ack(at('9999999999999999-0'), PHONE, NEWS)).toEqual([due(news, eve)]);
  });

  it.each([
    ['a named device', PHONE],
    ['one without a name', undefined],
  ])('are due for the `since` of %s, once', async (_what, device) => {
    const [first, second, third] = [await asks(), await asks(), await asks()];
    expect(await connectSince(second, device)).toEqual([due(second)]);
    expect(await connectSince(second, device)).toEqual([]);
    expect(await connectSince(first, aDevice())).toEqual([]);
    expect(await ack(third)).toEqual([due(third)]);
  });

  it('are not due for a `since` that is beyond the last message or of another log', async () => {
    const first = await asks();
    expect(await connectSince(at('9999999999999999-0'), PHONE)).toEqual([]);
    await tick(store);
    await tick(store);
    const second = await asks();
    expect(await connectSince(justAfter(first), PHONE)).toEqual([]);
    expect(await ack(second)).toEqual([due(second)]);
  });

  it('are looked for among the newest 200', async () => {
    const early = await asks(eve);
    const offsets: Offset[] = [];
    for (let i = 0; i < 200; i += 1) offsets.push(await asks());
    expect(await ack(offsets.at(-1)!)).toEqual([due(offsets.at(-1)!)]);
    const late = await asks(eve);
    for (let i = 0; i < 199; i += 1) offsets.push(await asksNot());
    expect(await read(offsets.at(-1)!)).toEqual([due(late, eve)]);
    expect(await states(eve!, early, late)).toEqual(['read', 'read']);
  });

  it('are due for what is left after retention has cut', async () => {
    const short = await kind.open({ INBOX_MAX_LENGTH: '3' });
    await asks(eve, CHAT, short);
    const cut = await asks(alice, CHAT, short);
    const kept = [
      await asks(alice, CHAT, short),
      await asks(eve, CHAT, short),
      await asks(alice, CHAT, short),
    ];
    expect(await ack(cut, LAPTOP, CHAT, short)).toEqual([]);
    const found = await ack(kept[2]!, PHONE, CHAT, short);
    expect(found).toHaveLength(2);
    expect(found).toEqual(expect.arrayContaining([due(kept[2]!), due(kept[1]!, eve)]));
    expect(await short.inboxes.receiptStates(bob, alice!, [{ channel: CHAT, offset: cut }])).toEqual([null]);
    await short.close();
  });

  it('are due for nothing where all messages have gone', async () => {
    const last = await asks();
    await store.faults.loseInbox(bob, CHAT);
    expect(await ack(last)).toEqual([]);
    expect(await read(last)).toEqual([]);
    expect(await states(alice!, last)).toEqual([null]);
  });

  it('begin anew after the state was lost: with the next message that asks', async () => {
    const first = await asks();
    await ack(first);
    await store.faults.loseState(bob);
    expect(await states(alice!, first)).toEqual(['sent']);
    // The last message is known from the log; that it was asked about is not known any more.
    expect(await store.inboxes.moveDelivered(bob, CHAT, PHONE, first)).toEqual({
      delivered: first,
      receipts: [],
    });
    const second = await asks();
    expect(await ack(second)).toEqual([due(second)]);
    expect(await read(second)).toEqual([due(second)]);
    expect(await store.faults.immortals()).toEqual([]);
  });

  describe('asked for', () => {
    it('say how far a message has come, in the order of the question', async () => {
      const offsets = [await asksNot(), await asksNot(), await asksNot()] as [Offset, Offset, Offset];
      expect(await states(alice!, ...offsets)).toEqual(['sent', 'sent', 'sent']);
      await ack(offsets[1]);
      await ack(offsets[0], LAPTOP);
      expect(await states(alice!, offsets[2], offsets[1], offsets[0])).toEqual([
        'sent',
        'delivered',
        'delivered',
      ]);
      await read(offsets[2]);
      expect(await states(alice!, ...offsets)).toEqual(['read', 'read', 'read']);
    });

    it('know nothing of what is another`s, on another channel, or nowhere', async () => {
      const [hers, eves] = [await asks(), await asks(eve)];
      expect(await states(alice!, hers, eves, at('1-0'), hers)).toEqual(['sent', null, null, 'sent']);
      expect(await states(eve!, hers, eves)).toEqual([null, 'sent']);
      const elsewhere = await store.inboxes.receiptStates(bob, alice!, [
        { channel: NEWS, offset: hers },
        { channel: 'no-such' as Channel, offset: hers },
        { channel: CHAT, offset: hers },
      ]);
      expect(elsewhere).toEqual([null, null, 'sent']);
      expect(await store.inboxes.receiptStates(bob, alice!, [])).toEqual([]);
    });
  });
});
