import type { Registered } from '../../src/routing/mailbox.port';
import type { Channel, DeviceId, Offset, UserId } from '../../src/shared';
import {
  appendMany,
  aRegistration,
  aUser,
  CHAT,
  connect,
  justAfter,
  LAPTOP,
  NEWS,
  offsetsOf,
  PHONE,
  tick,
  register as registerAt,
} from './fixtures';
import type { OpenStore } from './store-kind';
import { stores } from './stores';

describe.each(stores)('where the replay starts on $name', (kind) => {
  let store: OpenStore;
  let user: UserId;
  /** Four messages of `user`, with time between them. */
  let [first, second, third, last]: Offset[] = [];

  beforeAll(async () => {
    store = await kind.open();
  });
  afterAll(() => store.close());
  beforeEach(async () => {
    user = aUser();
    [first, second, third, last] = await spaced(store, user, 4);
  });

  async function start(deviceId?: DeviceId, since?: Offset): Promise<Offset> {
    return startOf(await register(store, user, deviceId, since));
  }
  const ack = (device: DeviceId, offset: Offset): Promise<Offset> =>
    store.inboxes.moveDelivered(user, CHAT, device, offset).then(({ delivered }) => delivered);
  const read = (offset: Offset): Promise<unknown> => store.inboxes.moveRead(user, CHAT, offset);
  /** A cursor is asked for by acking nothing. */
  const cursorOf = (device: DeviceId): Promise<Offset> => ack(device, '0-0' as Offset);

  describe('for a named device that has acked', () => {
    it("is that device's delivered cursor", async () => {
      await ack(PHONE, second!);
      await ack(LAPTOP, third!);
      expect(await start(PHONE)).toBe(second);
      expect(await start(LAPTOP)).toBe(third);
    });

    it('is the delivered cursor, however far the user has read elsewhere', async () => {
      await ack(PHONE, second!);
      await read(last!);
      expect(await start(PHONE)).toBe(second);
    });

    it('is `since` where that is later, which is an ack', async () => {
      await ack(PHONE, first!);
      const registered = await register(store, user, PHONE, third);
      expect(startOf(registered)).toBe(third);
      expect(registered.channels.get(CHAT)!.delivered).toBe(third);
      expect(await cursorOf(PHONE)).toBe(third);
      expect(await start(PHONE)).toBe(third);
    });

    it('is the delivered cursor where `since` is earlier: nothing goes back', async () => {
      await ack(PHONE, third!);
      const registered = await register(store, user, PHONE, first);
      expect(startOf(registered)).toBe(third);
      expect(registered.channels.get(CHAT)!.delivered).toBe(third);
      expect(await cursorOf(PHONE)).toBe(third);
    });
  });

  describe('for a named device that has acked nothing', () => {
    it('is the beginning where nothing is read', async () => {
      expect(await start(PHONE)).toBe('0-0');
    });

    it("is the read cursor, and not another device's cursor", async () => {
      await ack(LAPTOP, third!);
      await read(second!);
      expect(await start(PHONE)).toBe(second);
      expect(await cursorOf(PHONE)).toBe('0-0');
    });

    it('is `since` where that is later than the read cursor, which is an ack', async () => {
      await read(second!);
      const registered = await register(store, user, PHONE, third);
      expect(startOf(registered)).toBe(third);
      expect(registered.channels.get(CHAT)).toMatchObject({ delivered: third, read: second });
      expect(await cursorOf(PHONE)).toBe(third);
    });

    it('is the read cursor where `since` is the same, which is an ack too', async () => {
      await read(second!);
      expect(await start(PHONE, second)).toBe(second);
      await read(last!);
      expect(await start(PHONE)).toBe(second);
    });

    it('is the read cursor where `since` is earlier', async () => {
      await read(third!);
      expect(await start(PHONE, first)).toBe(third);
    });
  });

  describe('for a device without a name', () => {
    it('is the read cursor', async () => {
      expect(await start()).toBe('0-0');
      await read(second!);
      expect(await start()).toBe(second);
    });

    it('is `since` where that is later, of which nothing is kept', async () => {
      await read(first!);
      const registered = await register(store, user, undefined, third);
      expect(startOf(registered)).toBe(third);
      expect(registered.channels.get(CHAT)).toMatchObject({ delivered: '0-0', read: first });
      expect(await start()).toBe(first);
    });

    it('is the read cursor where `since` is earlier', async () => {
      await read(third!);
      expect(await start(undefined, second)).toBe(third);
    });
  });

  describe.each([
    ['a named device', PHONE],
    ['a device without a name', undefined],
  ])('`since` of %s', (_name, deviceId) => {
    it('may be the last message: nothing is replayed', async () => {
      expect(await start(deviceId, last)).toBe(last);
    });

    it('is ignored where it lies beyond the last message', async () => {
      await read(first!);
      expect(await start(deviceId, justAfter(last!))).toBe(first);
      expect(await start(deviceId, '9999999999999999-9999999999999999' as Offset)).toBe(first);
      expect(await cursorOf(PHONE)).toBe('0-0');
    });

    it('is ignored where no message ever was there, between two that are', async () => {
      await read(first!);
      expect(await start(deviceId, justAfter(second!))).toBe(first);
      expect(await cursorOf(PHONE)).toBe('0-0');
    });

    it('is ignored in an inbox that never had a message', async () => {
      const registered = await register(store, aUser(), deviceId, first);
      expect(startOf(registered)).toBe('0-0');
      expect(registered.channels.get(CHAT)!.delivered).toBe('0-0');
    });

    it('is good where messages after it are cut by retention, as is a cursor', async () => {
      const small = await kind.open({ INBOX_MAX_LENGTH: '2' });
      const to = aUser();
      const offsets = await spaced(small, to, 6);
      expect(startOf(await register(small, to, deviceId, offsets[1]))).toBe(offsets[1]);
      await small.inboxes.moveRead(to, CHAT, offsets[2]!);
      expect(startOf(await register(small, to))).toBe(offsets[2]);
      await small.close();
    });

    it('is good where every message has expired', async () => {
      await store.faults.loseInbox(user, CHAT);
      expect(await start(deviceId, third)).toBe(third);
    });
  });

  describe('where a cursor lies between two messages', () => {
    it('is the message before a delivered cursor', async () => {
      await ack(PHONE, justAfter(second!));
      const registered = await register(store, user, PHONE);
      expect(startOf(registered)).toBe(second);
      expect(registered.channels.get(CHAT)!.delivered).toBe(justAfter(second!));
    });

    it('is the message before a read cursor', async () => {
      await read(justAfter(third!));
      expect(await start()).toBe(third);
      expect(await start(PHONE)).toBe(third);
    });

    it('is the beginning where no message is before it', async () => {
      await ack(PHONE, '5-0' as Offset);
      expect(await start(PHONE)).toBe('0-0');
    });

    it('is the message before though that is cut by retention, and the cursor where more is', async () => {
      const small = await kind.open({ INBOX_MAX_LENGTH: '2' });
      const to = aUser();
      const offsets = await spaced(small, to, 4);
      await small.inboxes.moveDelivered(to, CHAT, PHONE, justAfter(offsets[1]!));
      await small.inboxes.moveDelivered(to, CHAT, LAPTOP, justAfter(offsets[0]!));
      expect(startOf(await register(small, to, PHONE))).toBe(offsets[1]);
      expect(startOf(await register(small, to, LAPTOP))).toBe(justAfter(offsets[0]!));
      await small.close();
    });
  });

  it('is one per channel', async () => {
    const news = await spaced(store, user, 2, NEWS);
    await ack(PHONE, second!);
    const registered = await registerAt(
      store,
      aRegistration({ userId: user, deviceId: PHONE, since: new Map([[NEWS, news[0]!]]) }),
      [],
    );
    expect(registered.positions).toEqual(
      new Map<Channel, Offset>([
        [CHAT, second!],
        [NEWS, news[0]!],
      ]),
    );
  });

  it('comes with what the connection is told: cursors, unread and last of each channel asked for', async () => {
    const [news] = await spaced(store, user, 1, NEWS);
    await ack(PHONE, third!);
    await read(second!);
    const registered = await register(store, user, PHONE);
    expect([...registered.channels]).toEqual([
      [CHAT, { delivered: third, read: second, unread: 2, last }],
      [NEWS, { delivered: '0-0', read: '0-0', unread: 1, last: news }],
    ]);
    const narrow = await registerAt(store, aRegistration({ userId: user, channels: [NEWS] }), []);
    expect([...narrow.channels.keys()]).toEqual([NEWS]);
    expect([...narrow.positions.keys()]).toEqual([NEWS]);
  });

  it('is zero and 0-0 throughout for a user who never was', async () => {
    const registered = await register(store, aUser(), PHONE);
    expect(registered.channels.get(CHAT)).toEqual({ delivered: '0-0', read: '0-0', unread: 0, last: '0-0' });
    expect(startOf(registered)).toBe('0-0');
    expect(registered.replaced.size).toBe(0);
  });

  it('counts connecting as a use of the cursor: the longest unused is another', async () => {
    await ack(PHONE, second!);
    await tick(store);
    await ack(LAPTOP, second!);
    await tick(store);
    await connect(store, { userId: user, deviceId: PHONE });
    for (let i = 0; i < 49; i++) {
      await tick(store);
      await ack(`tablet-${i}` as DeviceId, second!);
    }
    expect(await cursorOf(LAPTOP)).toBe('0-0');
    expect(await cursorOf(PHONE)).toBe(second);
  });

  it('drops the longest unused cursor for a `since` of one device more', async () => {
    for (let i = 0; i < 50; i++) {
      await ack(`tablet-${i}` as DeviceId, second!);
      await tick(store);
    }
    await start(PHONE, third);
    expect(await cursorOf('tablet-0' as DeviceId)).toBe('0-0');
    expect(await cursorOf('tablet-1' as DeviceId)).toBe(second);
    expect(await cursorOf(PHONE)).toBe(third);
  });
});

function register(
  store: OpenStore,
  userId: UserId,
  deviceId?: DeviceId,
  since?: Offset,
): Promise<Registered> {
  const claims = new Map(since === undefined ? [] : [[CHAT, since]]);
  return registerAt(store, aRegistration({ userId, deviceId, since: claims }), []);
}

const startOf = (registered: Registered): Offset => registered.positions.get(CHAT)!;

/** Messages of different milliseconds: between two of them lie offsets that never were a message's. */
async function spaced(store: OpenStore, to: UserId, count: number, channel = CHAT): Promise<Offset[]> {
  const offsets: Offset[] = [];
  for (let i = 0; i < count; i++) {
    offsets.push(...offsetsOf(await appendMany(store, to, 1, channel)));
    await tick(store);
  }
  return offsets;
}
