import { compareOffsets, isAfter, type MessageId, sentAtOf, type UserId } from '../../src/shared';
import { waitUntil } from '../support/wait-until';
import {
  aClientId,
  aMessage,
  aNode,
  appendMany,
  at,
  aUser,
  CHAT,
  connect,
  LAPTOP,
  messageIdsOf,
  NEWS,
  offsetsOf,
  PHONE,
  plain,
  readAll,
  routesOf,
  storeIsPast,
} from './fixtures';
import type { OpenStore } from './store-kind';
import { stores } from './stores';

describe.each(stores)('Mailbox.append on $name', (kind) => {
  let store: OpenStore;
  beforeAll(async () => {
    store = await kind.open();
  });
  afterAll(() => store.close());

  describe('the place of a message', () => {
    it('links each message to the one before it, the first of all to 0-0', async () => {
      const to = aUser();
      const [first, second, third] = await appendMany(store, to, 3);
      expect(first!.prev).toBe('0-0');
      expect(second!.prev).toBe(first!.offset);
      expect(third!.prev).toBe(second!.offset);
      const kept = await readAll(store, to);
      expect(kept.map(({ offset, prev }) => ({ offset, prev }))).toEqual(
        [first!, second!, third!].map(({ offset, prev }) => ({ offset, prev })),
      );
    });

    it('stores what was sent, completed by its offset and the time of the store', async () => {
      const to = aUser();
      const clientId = aClientId();
      const before = await store.storeNow();
      const message = aMessage({ to, clientId, body: 'żółć 🐝 \u2028 "quoted" }' });
      const { id, offset } = await store.mailbox.append(message, []);
      const after = await store.storeNow();
      expect(id).toBe(message.id);
      expect(sentAtOf(offset)).toBeGreaterThanOrEqual(before);
      expect(sentAtOf(offset)).toBeLessThanOrEqual(after);
      const [entry] = await readAll(store, to);
      expect(JSON.parse(entry!.json)).toEqual({
        id,
        channel: CHAT,
        from: message.from,
        to,
        body: 'żółć 🐝 \u2028 "quoted" }',
        clientId,
        sentAt: sentAtOf(offset),
        offset,
      });
    });

    it('grows strictly through 200 appends at once, from two nodes, in one unbroken chain', async () => {
      const to = aUser();
      const another = await store.openAnother();
      const appended = await Promise.all(
        Array.from({ length: 200 }, (_, i) => (i % 2 ? another : store).mailbox.append(aMessage({ to }), [])),
      );
      await another.close();
      appended.sort((a, b) => compareOffsets(a.offset, b.offset));
      appended.forEach(({ offset, prev }, i) => {
        expect(prev).toBe(appended[i - 1]?.offset ?? '0-0');
        expect(isAfter(offset, prev!)).toBe(true);
      });
      const kept = await readAll(store, to);
      expect(offsetsOf(kept)).toEqual(offsetsOf(appended));
      expect(messageIdsOf(kept)).toEqual(appended.map(({ id }) => id));
    });

    it('keeps a chain per channel and user', async () => {
      const [alice, bob] = [aUser(), aUser()];
      await appendMany(store, alice, 2);
      expect((await appendMany(store, alice, 1, NEWS))[0]!.prev).toBe('0-0');
      expect((await appendMany(store, bob, 1))[0]!.prev).toBe('0-0');
      expect(await readAll(store, alice, NEWS)).toHaveLength(1);
    });

    it('keeps growing, and keeps the chain, where the messages are gone', async () => {
      const to = aUser();
      const before = (await appendMany(store, to, 3)).at(-1)!;
      await store.faults.loseInbox(to, CHAT);
      const after = await store.mailbox.append(aMessage({ to }), []);
      expect(after.prev).toBe(before.offset);
      expect(isAfter(after.offset, before.offset)).toBe(true);
      expect(offsetsOf(await readAll(store, to))).toEqual([after.offset]);
    });

    it('keeps growing where the state is gone and the messages are not', async () => {
      const to = aUser();
      const before = (await appendMany(store, to, 3)).at(-1)!;
      await store.faults.loseState(to);
      const after = await store.mailbox.append(aMessage({ to }), []);
      expect(after.prev).toBe(before.offset);
      expect(isAfter(after.offset, before.offset)).toBe(true);
      expect(await store.inboxes.summarise(to, [CHAT])).toEqual([
        { read: '0-0', unread: 4, last: after.offset },
      ]);
    });

    it('promise 8: keeps growing through a clock set back', async () => {
      const to = aUser();
      const [before] = await appendMany(store, to, 1);
      await store.faults.setClockBack(to, CHAT, 3_600_000);
      const [first, second] = await appendMany(store, to, 2);
      expect(isAfter(first!.offset, before!.offset)).toBe(true);
      expect(sentAtOf(first!.offset)).toBeGreaterThan(await store.storeNow());
      expect(isAfter(second!.offset, first!.offset)).toBe(true);
      expect(second!.prev).toBe(first!.offset);
    });
  });

  describe('a repeat', () => {
    it('is answered with the first id and offset, and stores nothing', async () => {
      const to = aUser();
      const clientId = aClientId();
      const first = await store.mailbox.append(aMessage({ to, clientId, body: 'first' }), []);
      const [between] = await appendMany(store, to, 1);
      const repeat = await store.mailbox.append(aMessage({ to, clientId, body: 'another body' }), []);
      expect(repeat).toMatchObject({ id: first.id, offset: first.offset, prev: undefined });
      expect(offsetsOf(await readAll(store, to))).toEqual([first.offset, between!.offset]);
      expect(await store.inboxes.summarise(to, [CHAT])).toEqual([
        { read: '0-0', unread: 2, last: between!.offset },
      ]);
    });

    it('is recognised where all come at once', async () => {
      const to = aUser();
      const clientId = aClientId();
      const another = await store.openAnother();
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, i) =>
          (i % 2 ? another : store).mailbox.append(aMessage({ to, clientId }), []),
        ),
      );
      await another.close();
      expect(new Set(offsetsOf(answers)).size).toBe(1);
      expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
      expect(answers.filter(({ prev }) => prev !== undefined)).toHaveLength(1);
      expect(messageIdsOf(await readAll(store, to))).toEqual([answers[0]!.id]);
    });

    it('is one per sender, receiver and channel only', async () => {
      const clientId = aClientId();
      const [to, other] = [aUser(), aUser()];
      const sends = [
        aMessage({ to, clientId }),
        aMessage({ to, clientId, from: 'another' as UserId }),
        aMessage({ to: other, clientId }),
        aMessage({ to, clientId, channel: NEWS }),
      ];
      for (const send of sends) {
        const { id, prev } = await store.mailbox.append(send, []);
        expect(id).toBe(send.id);
        expect(prev).toBeDefined();
      }
      expect(await readAll(store, to)).toHaveLength(2);
    });

    it('is told by the message id where there is no client id', async () => {
      const to = aUser();
      const message = aMessage({ to });
      const first = await store.mailbox.append(message, []);
      const repeat = await store.mailbox.append(message, []);
      expect(repeat).toMatchObject({ id: first.id, offset: first.offset, prev: undefined });
      const other = await store.mailbox.append(aMessage({ to }), []);
      expect(other.prev).toBe(first.offset);
    });

    it('is recognised where the message itself is gone', async () => {
      const to = aUser();
      const clientId = aClientId();
      const first = await store.mailbox.append(aMessage({ to, clientId }), []);
      await store.faults.loseInbox(to, CHAT);
      const repeat = await store.mailbox.append(aMessage({ to, clientId }), []);
      expect(repeat).toMatchObject({ id: first.id, offset: first.offset, prev: undefined });
      expect(await readAll(store, to)).toEqual([]);
    });

    it('is routed, like any other', async () => {
      const to = aUser();
      const clientId = aClientId();
      await store.mailbox.append(aMessage({ to, clientId }), []);
      const { nodeId, connectionId } = await connect(store, { userId: to });
      const repeat = await store.mailbox.append(aMessage({ to, clientId }), []);
      expect(plain(repeat.routes)).toEqual({ [nodeId]: [connectionId] });
    });

    it('is a new message once the window is over, and asking does not prolong it', async () => {
      const short = await kind.open({ DEDUPE_WINDOW_MS: '1000' });
      const to = aUser();
      const clientId = aClientId();
      const first = await short.mailbox.append(aMessage({ to, clientId }), []);
      let again = first;
      await waitUntil('the repeat is stored', async () => {
        again = await short.mailbox.append(aMessage({ to, clientId }), []);
        return again.prev !== undefined;
      });
      expect(again.id).not.toBe(first.id);
      expect(again.prev).toBe(first.offset);
      expect(sentAtOf(again.offset)).toBeGreaterThanOrEqual(sentAtOf(first.offset) + 1000);
      await short.close();
    });
  });

  describe('promise 6: the bounds of an inbox', () => {
    it('are a number of messages: the oldest go', async () => {
      const small = await kind.open({ INBOX_MAX_LENGTH: '5' });
      const to = aUser();
      const appended = await appendMany(small, to, 12);
      expect(offsetsOf(await readAll(small, to))).toEqual(offsetsOf(appended.slice(-5)));
      await small.close();
    });

    it('are one message, where so configured', async () => {
      const small = await kind.open({ INBOX_MAX_LENGTH: '1' });
      const to = aUser();
      const appended = await appendMany(small, to, 3);
      expect(offsetsOf(await readAll(small, to))).toEqual([appended[2]!.offset]);
      await small.close();
    });

    it('are a number of bytes, of UTF-8: the oldest go, no more than must', async () => {
      const small = await kind.open({ INBOX_MAX_BYTES: '2000' });
      const to = aUser();
      const sizes: number[] = [];
      for (const length of [10, 300, 50, 200, 80, 100, 10, 150]) {
        const message = aMessage({ to, body: '🐝'.repeat(length / 2) });
        const { offset } = await small.mailbox.append(message, []);
        sizes.push(Buffer.byteLength(message.draft));
        const kept = await readAll(small, to);
        expect(kept.at(-1)!.offset).toBe(offset);
        expect(kept).toHaveLength(fitting(sizes, 2000));
      }
      await small.close();
    });

    it('always leave room for the newest, whatever its size', async () => {
      const small = await kind.open({ INBOX_MAX_BYTES: '1024' });
      const to = aUser();
      await appendMany(small, to, 2);
      const { offset } = await small.mailbox.append(aMessage({ to, body: 'x'.repeat(5000) }), []);
      expect(offsetsOf(await readAll(small, to))).toEqual([offset]);
      const [next] = await appendMany(small, to, 1);
      expect(offsetsOf(await readAll(small, to))).toEqual([next!.offset]);
      await small.close();
    });

    it('are an age, judged at each append', async () => {
      const ttlMs = 1000;
      const brief = await kind.open({ INBOX_TTL_MS: `${ttlMs}` });
      const to = aUser();
      const appended = await appendMany(brief, to, 1);
      const end = sentAtOf(appended[0]!.offset) + 1500;
      while (sentAtOf(appended.at(-1)!.offset) < end) {
        await storeIsPast(brief, sentAtOf(appended.at(-1)!.offset) + 100);
        appended.push(...(await appendMany(brief, to, 1)));
      }
      const oldest = sentAtOf(appended.at(-1)!.offset) - ttlMs;
      const expected = offsetsOf(appended).filter((offset) => sentAtOf(offset) >= oldest);
      expect(offsetsOf(await readAll(brief, to))).toEqual(expected);
      expect(expected.length).toBeLessThan(appended.length);
      await brief.close();
    });

    it('end an inbox that is left alone, after which it goes on where it was', async () => {
      const brief = await kind.open({ INBOX_TTL_MS: '2000' });
      const to = aUser();
      const before = (await appendMany(brief, to, 3)).at(-1)!;
      await waitUntil('the messages have expired', async () => (await readAll(brief, to)).length === 0);
      expect(await brief.storeNow()).toBeGreaterThanOrEqual(sentAtOf(before.offset) + 2000);
      expect(await brief.inboxes.summarise(to, [CHAT])).toEqual([
        { read: '0-0', unread: 0, last: before.offset },
      ]);
      const [after] = await appendMany(brief, to, 1);
      expect(after!.prev).toBe(before.offset);
      await brief.close();
    });
  });

  describe('the routes', () => {
    it('are none for a user who is nowhere', async () => {
      expect(await routesOf(store, aUser())).toEqual({});
    });

    it('are every connection of the receiver, on every node, and nobody else', async () => {
      const userId = aUser();
      const [here, there] = [aNode(), aNode()];
      const phone = await connect(store, { userId, nodeId: here, deviceId: PHONE });
      const laptop = await connect(store, { userId, nodeId: there, deviceId: LAPTOP });
      const tab = await connect(store, { userId, nodeId: here });
      await connect(store, { userId: aUser(), nodeId: here });
      const { routes } = await store.mailbox.append(aMessage({ to: userId }), []);
      expect(plain(routes)).toEqual({
        [here]: [phone.connectionId, tab.connectionId].sort(),
        [there]: [laptop.connectionId],
      });
    });

    it('leave out nodes that are dead, and those stay out', async () => {
      const userId = aUser();
      const [living, dead] = [aNode(), aNode()];
      const stays = await connect(store, { userId, nodeId: living });
      await connect(store, { userId, nodeId: dead });
      const expected = { [living]: [stays.connectionId] };
      expect(await routesOf(store, userId, [aNode(), dead])).toEqual(expected);
      expect(await routesOf(store, userId)).toEqual(expected);
    });

    it('leave out connections that no sweep has renewed', async () => {
      const swift = await kind.open({ SWEEP_INTERVAL_MS: '400' });
      const { userId, since } = await connect(swift, { userId: aUser() });
      expect(Object.keys(await routesOf(swift, userId))).toHaveLength(1);
      await waitUntil('the connection counts no more', async () => {
        return Object.keys(await routesOf(swift, userId)).length === 0;
      });
      expect(await swift.storeNow()).toBeGreaterThanOrEqual(since + 1000);
      await swift.close();
    });
  });

  it('takes ids of any length and script that the contract allows', async () => {
    const to = 'ż|@.:+-_'.repeat(16) as UserId;
    const clientId = 'ź'.repeat(64);
    const send = (): ReturnType<typeof aMessage> =>
      aMessage({ to, from: 'п'.repeat(128) as UserId, clientId: clientId as never });
    const first = await store.mailbox.append(send(), []);
    expect((await store.mailbox.append(send(), [])).offset).toBe(first.offset);
    expect(messageIdsOf(await readAll(store, to))).toEqual([first.id satisfies MessageId]);
    expect((await store.inboxes.readAfter(to, CHAT, at('0-0'))).last).toBe(first.offset);
  });
});

/** How many of the last sizes fit together; at least one. */
function fitting(sizes: readonly number[], maxBytes: number): number {
  let [count, sum] = [0, 0];
  for (const size of sizes.toReversed()) {
    sum += size;
    if (count > 0 && sum > maxBytes) break;
    count++;
  }
  return count;
}
