import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { ClientId, DeviceId, Offset, UserId } from '../../src/shared';
import { isAfter } from '../../src/shared';
import { aMessage, aRegistration, at, aUser, CHAT, justAfter, offsetsOf, register } from './fixtures';
import { InboxModel } from './inbox-model';
import type { OpenStore } from './store-kind';
import { stores } from './stores';

const MAX_LENGTH = 6;
const MAX_BYTES = 1500;

/** Positions are picked by number: one of all offsets ever given, one just after such a one, 0-0, or far ahead. */
const position = fc.nat(40);
const device = fc.constantFrom(undefined, 'phone' as DeviceId, 'laptop' as DeviceId);
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('append' as const), size: fc.nat(600) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('repeat' as const), clientId: fc.constantFrom('c-1', 'c-2') }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('read' as const), position }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('ack' as const), position, device }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('connect' as const), position, device }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('page' as const),
      position,
      limit: fc.integer({ min: 1, max: 8 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('expire' as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

describe.each(stores)('any sequence of operations on $name', (kind) => {
  let store: OpenStore;
  beforeAll(async () => {
    store = await kind.open({ INBOX_MAX_LENGTH: `${MAX_LENGTH}`, INBOX_MAX_BYTES: `${MAX_BYTES}` });
  });
  afterAll(() => store.close());

  it('does what a plain list with counting would do', async () => {
    const everySequence = fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 50 }), async (steps) => {
        const run = new Run(store);
        for (const next of steps) await run.take(next);
      }),
      { numRuns: 150 },
    );
    await expect(everySequence).resolves.toBeUndefined();
  });

  it('leaves nothing behind that would stay for ever', async () => {
    expect(await store.faults.immortals()).toEqual([]);
  });
});

/** One inbox in the store beside one in memory. */
class Run {
  private readonly user: UserId = aUser();
  private readonly model = new InboxModel(MAX_LENGTH, MAX_BYTES);

  constructor(private readonly store: OpenStore) {}

  async take(step: Step): Promise<void> {
    switch (step.do) {
      case 'append':
        await this.append(step.size);
        break;
      case 'repeat':
        await this.append(50, step.clientId as ClientId);
        break;
      case 'read':
        await this.read(this.pick(step.position));
        break;
      case 'ack':
        await this.ack(step.device, this.pick(step.position));
        break;
      case 'connect':
        await this.connect(step.device, this.pick(step.position));
        break;
      case 'page':
        await this.page(this.pick(step.position), step.limit);
        break;
      case 'expire':
        this.model.kept = [];
        await this.store.faults.loseInbox(this.user, CHAT);
        break;
    }
    assert.deepEqual(await this.store.inboxes.summarise(this.user, [CHAT]), [
      { read: this.model.read, unread: this.model.unread, last: this.model.last },
    ]);
  }

  private async append(size: number, clientId?: ClientId): Promise<void> {
    const message = aMessage({ to: this.user, clientId, body: 'x'.repeat(size) });
    const first = clientId && this.model.sent.get(clientId);
    const { id, offset, prev } = await this.store.mailbox.append(message, []);
    if (first !== undefined) {
      assert.deepEqual({ offset, prev }, { offset: first, prev: undefined });
      return;
    }
    assert.deepEqual({ id, prev }, { id: message.id, prev: this.model.last });
    assert.ok(isAfter(offset, this.model.last));
    this.model.append(offset, Buffer.byteLength(message.draft));
    if (clientId !== undefined) this.model.sent.set(clientId, offset);
  }

  private async read(offset: Offset): Promise<void> {
    const moved = this.model.moveRead(offset);
    const { read, unread } = this.model;
    const { receipts: _none, ...state } = await this.store.inboxes.moveRead(this.user, CHAT, offset);
    assert.deepEqual(state, { read, unread, moved });
  }

  private async ack(deviceId: DeviceId | undefined, offset: Offset): Promise<void> {
    const expected = this.model.moveDelivered(deviceId, offset);
    const { delivered } = await this.store.inboxes.moveDelivered(this.user, CHAT, deviceId, offset);
    assert.equal(delivered, expected);
  }

  private async connect(deviceId: DeviceId | undefined, since: Offset): Promise<void> {
    const start = this.model.connect(deviceId, since);
    const registered = await register(
      this.store,
      aRegistration({ userId: this.user, deviceId, channels: [CHAT], since: new Map([[CHAT, since]]) }),
      [],
    );
    const { read, unread, last } = this.model;
    assert.equal(registered.positions.get(CHAT), start);
    assert.deepEqual(registered.channels.get(CHAT), {
      delivered: this.model.deliveredTo(deviceId),
      read,
      unread,
      last,
    });
  }

  private async page(offset: Offset, limit: number): Promise<void> {
    const page = await this.store.inboxes.readAfter(this.user, CHAT, offset);
    assert.deepEqual(
      page.entries.map((entry) => [entry.offset, entry.prev]),
      this.model.after(offset).map((entry) => [entry.offset, entry.prev]),
    );
    assert.deepEqual([page.last, page.more], [this.model.last, false]);
    await this.slice({ after: offset }, offset, this.model.after(offset), limit);
    await this.slice({ before: offset }, offset, this.model.before(offset), limit);
    await this.slice('unread', this.model.read, this.model.after(this.model.read), limit);
  }

  private async slice(
    range: { after: Offset } | { before: Offset } | 'unread',
    from: Offset,
    expected: { offset: Offset }[],
    limit: number,
  ): Promise<void> {
    const slice = await this.store.inboxes.readSlice(this.user, CHAT, range, limit);
    assert.deepEqual(offsetsOf(slice.entries), offsetsOf(expected.slice(0, limit)));
    assert.deepEqual([slice.from, slice.more], [from, expected.length > limit]);
  }

  private pick(position: number): Offset {
    const { ever } = this.model;
    if (position === 0) return at('0-0');
    if (position === 1) return at('9999999999999999-9999999999999999');
    const offset = ever.length === 0 ? at('5-5') : ever[(position >> 1) % ever.length]!;
    return position % 2 ? justAfter(offset) : offset;
  }
}
