import fc from 'fast-check';
import { isAfter } from '../../src/shared';
import { aMessage, aRegistration, at, aUser, CHAT, offsetsOf, PHONE, register } from './fixtures';
import type { OpenStore } from './store-kind';
import { stores } from './stores';

/** Who does each of the steps that are under way at the same time: one of two nodes. */
const plan = fc
  .array(fc.boolean(), { minLength: 10, maxLength: 40 })
  .chain((onAnother) => fc.record({ onAnother: fc.constant(onAnother), joinAt: fc.nat(onAnother.length) }));

describe.each(stores)('who registers while messages come on $name', (kind) => {
  let store: OpenStore;
  let another: OpenStore;
  beforeAll(async () => {
    store = await kind.open();
    another = await store.openAnother();
  });
  afterAll(async () => {
    await another.close();
    await store.close();
  });

  it('finds each in the inbox or is routed to: none in neither, and `last` tells which', async () => {
    await fc.assert(
      fc.asyncProperty(plan, async ({ onAnother, joinAt }) => {
        const to = aUser();
        const arrival = aRegistration({ userId: to, deviceId: PHONE });
        const join = async () => {
          const registered = await register(another, arrival);
          const start = registered.positions.get(CHAT)!;
          return { registered, page: await another.inboxes.readAfter(to, CHAT, start) };
        };
        const appends = onAnother
          .slice(0, joinAt)
          .map((isThere) => (isThere ? another : store).mailbox.append(aMessage({ to }), []));
        const joined = join();
        appends.push(
          ...onAnother
            .slice(joinAt)
            .map((isThere) => (isThere ? another : store).mailbox.append(aMessage({ to }), [])),
        );
        const { registered, page } = await joined;
        const { last } = registered.channels.get(CHAT)!;
        const found = new Set(offsetsOf(page.entries));
        for (const { offset, routes } of await Promise.all(appends)) {
          const isRouted = routes.get(arrival.nodeId)?.includes(arrival.connectionId) ?? false;
          expect(isRouted).toBe(isAfter(offset, last));
          expect(isRouted || found.has(offset)).toBe(true);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('is routed to until it has left, and not after', async () => {
    await fc.assert(
      fc.asyncProperty(plan, async ({ onAnother, joinAt }) => {
        const to = aUser();
        const arrival = aRegistration({ userId: to });
        await register(store, arrival);
        const send = (isThere: boolean) => (isThere ? another : store).mailbox.append(aMessage({ to }), []);
        const before = onAnother.slice(0, joinAt).map(send);
        const left = store.mailbox.unregister(to, arrival.nodeId, [arrival.connectionId], []);
        const after = onAnother.slice(joinAt).map(send);
        await left;
        const all = await Promise.all([...before, ...after]);
        const isRouted = all
          .toSorted((a, b) => (isAfter(a.offset, b.offset) ? 1 : -1))
          .map(({ routes }) => routes.size > 0);
        expect(isRouted.lastIndexOf(true)).toBe(isRouted.filter(Boolean).length - 1);
        expect((await send(false)).routes.size).toBe(0);
      }),
      { numRuns: 50 },
    );
  });

  it('moves cursors forward only, whoever asks at once', async () => {
    const to = aUser();
    const offsets = offsetsOf(
      await Promise.all(Array.from({ length: 30 }, () => store.mailbox.append(aMessage({ to }), []))),
    );
    const answers = await Promise.all(
      offsets.map((offset, i) =>
        (i % 2 ? another : store).inboxes
          .moveDelivered(to, CHAT, PHONE, offsets.at(-1 - i) ?? offset)
          .then(({ delivered }) => delivered),
      ),
    );
    const furthest = offsets.reduce((a, b) => (isAfter(b, a) ? b : a));
    answers.forEach((answer, i) => expect(isAfter(offsets.at(-1 - i)!, answer)).toBe(false));
    const { delivered } = await store.inboxes.moveDelivered(to, CHAT, PHONE, at('0-0'));
    expect(delivered).toBe(furthest);
  });
});
