import type { Entry } from '../../src/hub';
import { MAX_DEVICE_CURSORS, MAX_PAGE_BYTES, MAX_PAGE_LENGTH } from '../../src/inbox/inbox-store.port';
import { type Channel, type DeviceId, type Offset, sentAtOf, type UserId } from '../../src/shared';
import {
  aDevice,
  aMessage,
  appendMany,
  at,
  aUser,
  CHAT,
  justAfter,
  LAPTOP,
  NEWS,
  offsetsOf,
  PHONE,
  tick,
} from './fixtures';
import type { OpenStore } from './store-kind';
import { stores } from './stores';

const BEGINNING = at('0-0');
const FAR_AHEAD = at('9999999999999999-9999999999999999');

describe.each(stores)('InboxStore on $name', (kind) => {
  let store: OpenStore;
  let user: UserId;
  beforeAll(async () => {
    store = await kind.open();
  });
  afterAll(() => store.close());
  beforeEach(() => {
    user = aUser();
  });

  const fill = async (count: number, channel = CHAT): Promise<Offset[]> =>
    offsetsOf(await appendMany(store, user, count, channel));
  const fillWith = async (...bodies: string[]): Promise<Offset[]> => {
    const offsets: Offset[] = [];
    for (const body of bodies) {
      offsets.push((await store.mailbox.append(aMessage({ to: user, body }), [])).offset);
    }
    return offsets;
  };
  const ack = (device: DeviceId | undefined, offset: Offset, channel = CHAT): Promise<Offset> =>
    store.inboxes.moveDelivered(user, channel, device, offset).then(({ delivered }) => delivered);
  const read = async (offset: Offset, channel = CHAT) => {
    const { receipts: _none, ...state } = await store.inboxes.moveRead(user, channel, offset);
    return state;
  };

  describe('readAfter', () => {
    it('reads what lies after, oldest first, each with what lay before it', async () => {
      const offsets = await fill(5);
      const page = await store.inboxes.readAfter(user, CHAT, offsets[1]!);
      expect(page).toMatchObject({ last: offsets[4], more: false });
      expect(page.entries.map(({ offset, prev }) => [offset, prev])).toEqual([
        [offsets[2], offsets[1]],
        [offsets[3], offsets[2]],
        [offsets[4], offsets[3]],
      ]);
    });

    it('reads from the next message where none is at that place', async () => {
      const offsets = await fill(2);
      const { entries } = await store.inboxes.readAfter(user, CHAT, at('1-1'));
      expect(offsetsOf(entries)).toEqual(offsets);
    });

    it.each([0, 1])('reads nothing at the last message, or %d beyond it', async (beyond) => {
      const last = (await fill(3)).at(-1)!;
      const page = await store.inboxes.readAfter(user, CHAT, justAfter(last, beyond));
      expect(page).toEqual({ entries: [], last, more: false });
      expect((await store.inboxes.readAfter(user, CHAT, FAR_AHEAD)).entries).toEqual([]);
    });

    it('reads nothing of an inbox that never was', async () => {
      expect(await store.inboxes.readAfter(user, CHAT, BEGINNING)).toEqual({
        entries: [],
        last: '0-0',
        more: false,
      });
    });

    it('tells the last offset of an inbox whose messages are gone', async () => {
      const [last] = await fill(1);
      await store.faults.loseInbox(user, CHAT);
      expect(await store.inboxes.readAfter(user, CHAT, BEGINNING)).toEqual({
        entries: [],
        last,
        more: false,
      });
    });

    it(`reads ${MAX_PAGE_LENGTH} at most, and says whether there is more`, async () => {
      const offsets = await fill(MAX_PAGE_LENGTH + 1);
      const page = await store.inboxes.readAfter(user, CHAT, BEGINNING);
      expect(offsetsOf(page.entries)).toEqual(offsets.slice(0, MAX_PAGE_LENGTH));
      expect(page).toMatchObject({ more: true, last: offsets.at(-1) });
      const rest = await store.inboxes.readAfter(user, CHAT, offsets[0]!);
      expect(offsetsOf(rest.entries)).toEqual(offsets.slice(1));
      expect(rest.more).toBe(false);
    });
  });

  describe('a page', () => {
    const bytesOf = (entries: readonly Entry[]): number =>
      entries.reduce((sum, { json }) => sum + Buffer.byteLength(json), 0);

    it.each(['after', 'before'] as const)('ends at 256 KiB, whole and no sooner (%s)', async (direction) => {
      await fillWith(...Array.from({ length: 12 }, (_, i) => '🐝'.repeat(8000 + 700 * (i % 5))));
      let from = direction === 'after' ? BEGINNING : FAR_AHEAD;
      const all: Entry[] = [];
      const pages: Entry[][] = [];
      let more = true;
      while (more) {
        const range = direction === 'after' ? { after: from } : { before: from };
        const slice = await store.inboxes.readSlice(user, CHAT, range, 200);
        pages.push(slice.entries);
        all.push(...slice.entries);
        from = slice.entries.at(-1)!.offset;
        more = slice.more;
      }
      expect(all).toHaveLength(12);
      expect(pages.length).toBeGreaterThan(1);
      const nexts = pages.slice(1).map(([first]) => first!);
      for (const page of pages) expect(bytesOf(page)).toBeLessThanOrEqual(MAX_PAGE_BYTES);
      for (const [i, next] of nexts.entries()) {
        expect(bytesOf([...pages[i]!, next])).toBeGreaterThan(MAX_PAGE_BYTES);
      }
    });

    it('counts whole messages: many small ones do not exceed it either', async () => {
      await fillWith(...Array.from({ length: 200 }, () => 'x'.repeat(1170)));
      const { entries, more } = await store.inboxes.readAfter(user, CHAT, BEGINNING);
      expect(bytesOf(entries)).toBeLessThanOrEqual(MAX_PAGE_BYTES);
      expect(entries.length).toBeGreaterThan(150);
      expect(more).toBe(true);
    });

    it('always has room for one message, and for nothing besides one that fills it', async () => {
      const offsets = await fillWith('small', 'x'.repeat(400_000), 'small');
      const first = await store.inboxes.readAfter(user, CHAT, BEGINNING);
      expect(first).toMatchObject({ entries: [{ offset: offsets[0] }], more: true });
      const second = await store.inboxes.readAfter(user, CHAT, offsets[0]!);
      expect(second).toMatchObject({ entries: [{ offset: offsets[1] }], more: true });
      const third = await store.inboxes.readAfter(user, CHAT, offsets[1]!);
      expect(third).toMatchObject({ entries: [{ offset: offsets[2] }], more: false });
      expect(third.entries).toHaveLength(1);
    });
  });

  describe('readSlice', () => {
    it('after: oldest first, and says where it started', async () => {
      const offsets = await fill(5);
      const slice = await store.inboxes.readSlice(user, CHAT, { after: offsets[0]! }, 2);
      expect(offsetsOf(slice.entries)).toEqual(offsets.slice(1, 3));
      expect(slice).toMatchObject({ from: offsets[0], more: true });
    });

    it('before: newest first, and without that one', async () => {
      const offsets = await fill(5);
      const slice = await store.inboxes.readSlice(user, CHAT, { before: offsets[4]! }, 3);
      expect(offsetsOf(slice.entries)).toEqual([offsets[3], offsets[2], offsets[1]]);
      expect(slice).toMatchObject({ from: offsets[4], more: true });
      const rest = await store.inboxes.readSlice(user, CHAT, { before: offsets[1]! }, 3);
      expect(rest).toMatchObject({ entries: [{ offset: offsets[0], prev: '0-0' }], more: false });
    });

    it('before an offset beyond the last: from the last on back', async () => {
      const offsets = await fill(2);
      const slice = await store.inboxes.readSlice(user, CHAT, { before: FAR_AHEAD }, 5);
      expect(offsetsOf(slice.entries)).toEqual(offsets.toReversed());
    });

    it('before the beginning: nothing', async () => {
      await fill(2);
      expect(await store.inboxes.readSlice(user, CHAT, { before: BEGINNING }, 5)).toEqual({
        entries: [],
        from: '0-0',
        more: false,
      });
    });

    it('before the first: nothing', async () => {
      const [first] = await fill(2);
      const slice = await store.inboxes.readSlice(user, CHAT, { before: first! }, 5);
      expect(slice).toEqual({ entries: [], from: first, more: false });
    });

    it('unread: after the read cursor, which is where it started', async () => {
      const offsets = await fill(4);
      expect(await store.inboxes.readSlice(user, CHAT, 'unread', 9)).toMatchObject({ from: '0-0' });
      await read(offsets[1]!);
      const slice = await store.inboxes.readSlice(user, CHAT, 'unread', 9);
      expect(offsetsOf(slice.entries)).toEqual(offsets.slice(2));
      expect(slice).toMatchObject({ from: offsets[1], more: false });
    });

    it.each([1, 19, 20, 21, 40, 45])('keeps to a limit of %d of 45', async (limit) => {
      const offsets = await fill(45);
      const after = await store.inboxes.readSlice(user, CHAT, { after: BEGINNING }, limit);
      expect(offsetsOf(after.entries)).toEqual(offsets.slice(0, limit));
      expect(after.more).toBe(limit < 45);
      const before = await store.inboxes.readSlice(user, CHAT, { before: FAR_AHEAD }, limit);
      expect(offsetsOf(before.entries)).toEqual(offsets.toReversed().slice(0, limit));
      expect(before.more).toBe(limit < 45);
    });

    it('reads one inbox only', async () => {
      await fill(2);
      const [news] = await fill(1, NEWS);
      const slice = await store.inboxes.readSlice(user, NEWS, { after: BEGINNING }, 9);
      expect(offsetsOf(slice.entries)).toEqual([news]);
    });
  });

  describe('moveDelivered', () => {
    it('goes forward, never back, and beyond the last message counts as the last', async () => {
      const offsets = await fill(3);
      expect(await ack(PHONE, BEGINNING)).toBe('0-0');
      expect(await ack(PHONE, offsets[1]!)).toBe(offsets[1]);
      expect(await ack(PHONE, offsets[0]!)).toBe(offsets[1]);
      expect(await ack(PHONE, BEGINNING)).toBe(offsets[1]);
      expect(await ack(PHONE, FAR_AHEAD)).toBe(offsets[2]);
    });

    it('compares by number, not as text, on both sides of the dash', async () => {
      const [, second] = await fill(3);
      await ack(PHONE, second!);
      expect(await ack(PHONE, at('9-9'))).toBe(second);
      // With the clock behind, all are of one millisecond.
      await store.faults.setClockBack(user, CHAT, 3_600_000);
      const crowded = await fill(11);
      const [ninth, tenth, eleventh] = crowded.slice(8);
      expect(sentAtOf(eleventh!)).toBe(sentAtOf(ninth!));
      expect(await ack(PHONE, ninth!)).toBe(ninth);
      expect(await ack(PHONE, tenth!)).toBe(tenth);
      expect(await ack(PHONE, ninth!)).toBe(tenth);
      expect(await read(ninth!)).toMatchObject({ read: ninth, unread: 2 });
      expect(await read(tenth!)).toMatchObject({ read: tenth, unread: 1, moved: true });
    });

    it('is the last message where others are appended later', async () => {
      const [first] = await fill(1);
      await ack(PHONE, FAR_AHEAD);
      await fill(2);
      expect(await ack(PHONE, BEGINNING)).toBe(first);
    });

    it('is of one device, one channel and one user', async () => {
      const [chat] = await fill(1);
      await fill(1, NEWS);
      await ack(PHONE, chat!);
      expect(await ack(LAPTOP, BEGINNING)).toBe('0-0');
      expect(await ack(PHONE, BEGINNING, NEWS)).toBe('0-0');
      user = aUser();
      await fill(1);
      expect(await ack(PHONE, BEGINNING)).toBe('0-0');
    });

    it('tells channels and devices apart whose names run into each other', async () => {
      const offsets = await fill(1);
      const odd = 'device:phone' as DeviceId;
      await ack(odd, offsets[0]!);
      expect(await ack(PHONE, BEGINNING)).toBe('0-0');
      expect(await ack(odd, BEGINNING)).toBe(offsets[0]);
      for (const name of ['last', 'n', 'read', 'readN', 'bytes', 'seen', 'constructor', 'device']) {
        expect(await ack(name as DeviceId, offsets[0]!)).toBe(offsets[0]);
      }
      expect(await store.inboxes.summarise(user, [CHAT])).toEqual([
        { read: '0-0', unread: 1, last: offsets[0] },
      ]);
    });

    it('moves no read cursor', async () => {
      const offsets = await fill(2);
      await ack(PHONE, offsets[1]!);
      expect(await store.inboxes.summarise(user, [CHAT])).toEqual([
        { read: '0-0', unread: 2, last: offsets[1] },
      ]);
    });

    it('keeps nothing for a device without a name, and answers with the offset, bounded', async () => {
      const offsets = await fill(2);
      expect(await ack(undefined, offsets[0]!)).toBe(offsets[0]);
      expect(await ack(undefined, FAR_AHEAD)).toBe(offsets[1]);
      expect(await ack(undefined, BEGINNING)).toBe('0-0');
    });

    it('is nothing in an inbox that never had a message', async () => {
      expect(await ack(PHONE, FAR_AHEAD)).toBe('0-0');
      await fill(1);
      expect(await ack(PHONE, BEGINNING)).toBe('0-0');
    });

    it('outlives the messages', async () => {
      const offsets = await fill(2);
      await ack(PHONE, offsets[0]!);
      await store.faults.loseInbox(user, CHAT);
      expect(await ack(PHONE, BEGINNING)).toBe(offsets[0]);
      expect(await ack(PHONE, offsets[1]!)).toBe(offsets[1]);
    });

    it(`keeps ${MAX_DEVICE_CURSORS} per channel; the longest unused goes, not the furthest behind`, async () => {
      const [first, second] = await fill(2);
      await fill(1, NEWS);
      const devices = Array.from({ length: MAX_DEVICE_CURSORS }, aDevice);
      await ack(PHONE, FAR_AHEAD, NEWS);
      for (const device of devices) {
        await ack(device, second!);
        await tick(store);
      }
      // A repeat that moves nothing is a use all the same.
      await ack(devices[0]!, first!);
      await tick(store);
      expect(await ack(PHONE, first!)).toBe(first);
      const kept = await Promise.all(devices.map((device) => ack(device, BEGINNING)));
      expect(kept).toEqual(devices.map((_device, i) => (i === 1 ? '0-0' : second)));
      expect(await ack(PHONE, BEGINNING)).toBe(first);
      expect(await ack(PHONE, BEGINNING, NEWS)).not.toBe('0-0');
    });

    it('drops nobody for an ack of nothing', async () => {
      const [first] = await fill(1);
      const devices = Array.from({ length: MAX_DEVICE_CURSORS }, aDevice);
      for (const device of devices) await ack(device, first!);
      expect(await ack(PHONE, BEGINNING)).toBe('0-0');
      const kept = await Promise.all(devices.map((device) => ack(device, BEGINNING)));
      expect(new Set(kept)).toEqual(new Set([first]));
    });
  });

  describe('moveRead', () => {
    it('goes forward, never back, and beyond the last message counts as the last', async () => {
      const offsets = await fill(4);
      expect(await read(offsets[1]!)).toEqual({ read: offsets[1], unread: 2, moved: true });
      expect(await read(offsets[0]!)).toEqual({ read: offsets[1], unread: 2, moved: false });
      expect(await read(offsets[1]!)).toEqual({ read: offsets[1], unread: 2, moved: false });
      expect(await read(BEGINNING)).toEqual({ read: offsets[1], unread: 2, moved: false });
      expect(await read(FAR_AHEAD)).toEqual({ read: offsets[3], unread: 0, moved: true });
      expect(await read(FAR_AHEAD)).toEqual({ read: offsets[3], unread: 0, moved: false });
    });

    it('counts as unread what is appended afterwards', async () => {
      await read((await fill(2)).at(-1)!);
      const [first, last] = await fill(2);
      expect(await store.inboxes.summarise(user, [CHAT])).toMatchObject([{ unread: 2, last }]);
      expect(await read(first!)).toMatchObject({ unread: 1 });
    });

    it('takes an offset between two messages for what it is', async () => {
      const [first] = await fill(1);
      await tick(store);
      await tick(store);
      const [second] = await fill(1);
      const between = justAfter(first!);
      expect(await read(between)).toEqual({ read: between, unread: 1, moved: true });
      expect(await read(second!)).toMatchObject({ unread: 0 });
    });

    it('is nothing in an inbox that never had a message', async () => {
      expect(await read(FAR_AHEAD)).toEqual({ read: '0-0', unread: 0, moved: false });
    });

    it('is of one channel and one user, and moves no delivered cursor', async () => {
      const [chat] = await fill(1);
      await fill(1, NEWS);
      await read(chat!);
      expect(await store.inboxes.summarise(user, [NEWS])).toMatchObject([{ read: '0-0', unread: 1 }]);
      expect(await ack(PHONE, BEGINNING)).toBe('0-0');
    });

    it('ends where the furthest of many put it who ask at once', async () => {
      const offsets = await fill(10);
      const answers = await Promise.all(offsets.map((offset) => read(offset)));
      expect(answers.at(-1)).toMatchObject({ read: offsets[9], unread: 0 });
      expect((await Promise.all(offsets.map((offset) => read(offset)))).every(({ moved }) => !moved)).toBe(
        true,
      );
    });

    it('reads everything where everything has expired, and counts what comes then', async () => {
      const offsets = await fill(3);
      await store.faults.loseInbox(user, CHAT);
      expect(await read(offsets[1]!)).toEqual({ read: offsets[1], unread: 0, moved: true });
      await fill(2);
      expect(await store.inboxes.summarise(user, [CHAT])).toMatchObject([{ read: offsets[1], unread: 2 }]);
    });

    it('leaves nothing unread where everything has expired', async () => {
      const offsets = await fill(3);
      await read(offsets[0]!);
      await store.faults.loseInbox(user, CHAT);
      expect(await store.inboxes.summarise(user, [CHAT])).toEqual([
        { read: offsets[0], unread: 0, last: offsets[2] },
      ]);
    });

    it('counts only what is still kept, through every cut by retention', async () => {
      const small = await kind.open({ INBOX_MAX_LENGTH: '4' });
      const offsets: Offset[] = [];
      const unread = async (): Promise<number> => (await small.inboxes.summarise(user, [CHAT]))[0]!.unread;
      const more = async (count: number): Promise<void> => {
        offsets.push(...offsetsOf(await appendMany(small, user, count)));
      };
      await more(3);
      expect(await unread()).toBe(3);
      await more(3);
      expect(await unread()).toBe(4);
      // A cursor on a message that is kept, then cut, then far behind.
      expect(await small.inboxes.moveRead(user, CHAT, offsets[3]!)).toMatchObject({ unread: 2 });
      await more(1);
      expect(await unread()).toBe(3);
      await more(1);
      expect(await unread()).toBe(4);
      await more(5);
      expect(await unread()).toBe(4);
      // Moved to a message that has been cut before it was read.
      expect(await small.inboxes.moveRead(user, CHAT, offsets[6]!)).toMatchObject({
        read: offsets[6],
        unread: 4,
        moved: true,
      });
      expect(await small.inboxes.moveRead(user, CHAT, offsets[10]!)).toMatchObject({ unread: 2 });
      await small.close();
    });
  });

  describe('summarise', () => {
    it('answers in the order it was asked', async () => {
      const chat = await fill(3);
      const news = await fill(2, NEWS);
      await read(chat[0]!);
      const expected = {
        chat: { read: chat[0], unread: 2, last: chat[2] },
        notification: { read: '0-0', unread: 2, last: news[1] },
        other: { read: '0-0', unread: 0, last: '0-0' },
      };
      const other = 'other' as Channel;
      expect(await store.inboxes.summarise(user, [CHAT, other, NEWS])).toEqual([
        expected.chat,
        expected.other,
        expected.notification,
      ]);
      expect(await store.inboxes.summarise(user, [NEWS, CHAT])).toEqual([
        expected.notification,
        expected.chat,
      ]);
      expect(await store.inboxes.summarise(user, [])).toEqual([]);
    });
  });
});
