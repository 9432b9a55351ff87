import { check, type Rule } from './lib/checker';
import type { EventOf, HistoryEvent, Remains, SeenMessage } from './lib/history';

/** The checker's mutants: a clean history passes, and each thing that must not happen is found. */
interface Story {
  events: HistoryEvent[];
  remains: Remains;
}

const BOUNDS = { presenceMs: 3000, memoryBytes: 1_000_000 };

function message(n: number, more: Partial<SeenMessage> = {}): SeenMessage {
  return {
    id: `id-${n}`,
    channel: 'chat',
    from: 'alice',
    to: 'bob',
    clientId: `c-${n}`,
    offset: `${1000 + n}-0`,
    mark: `mark ${n}`,
    ...more,
  };
}

const bobsPhone = (connection: string) => ({ user: 'bob', device: 'phone', connection });

/** Alice sends five messages; Bob sees three, acks two, loses his connection, comes back and sees the rest. */
function cleanStory(): Story {
  const events: HistoryEvent[] = [
    { kind: 'connected', at: 0, user: 'alice', device: 'phone', connection: 'a', node: 'n1' },
    { kind: 'connected', at: 0, ...bobsPhone('b1'), node: 'n1' },
    { kind: 'memory', at: 1, node: 'n1', phase: 'before', bytes: 20_000_000 },
  ];
  for (const n of [1, 2, 3, 4, 5]) {
    const send = { from: 'alice', to: 'bob', clientId: `c-${n}` };
    events.push({
      kind: 'tried',
      at: 10 * n,
      ...send,
      mark: `mark ${n}`,
      copy: false,
      connection: 'a',
    });
    if (n === 5) events.push({ kind: 'unanswered', at: 10 * n + 5, ...send, reason: 'timeout' });
    else events.push({ kind: 'answered', at: 10 * n + 5, ...send, id: `id-${n}`, offset: `${1000 + n}-0` });
  }
  const deliver = (at: number, connection: string, n: number): void => {
    events.push({ kind: 'delivered', at, ...bobsPhone(connection), message: message(n) });
  };
  for (const n of [1, 2, 3]) deliver(10 * n + 6, 'b1', n);
  events.push({ kind: 'acked', at: 40, ...bobsPhone('b1'), channel: 'chat', offset: '1002-0' });
  events.push({ kind: 'fault', at: 50, what: 'cut' });
  events.push({ kind: 'ended', at: 50, ...bobsPhone('b1'), reason: 'transport close', forGood: false });
  events.push({ kind: 'connected', at: 100, ...bobsPhone('b2'), node: 'n2' });
  for (const n of [3, 4, 5]) deliver(110 + n, 'b2', n);
  const look = (at: number, user: string, devices: number): void => {
    events.push({ kind: 'looked', askedAt: at - 5, at, node: 'n1', user, devices });
  };
  look(600, 'bob', 0);
  for (const user of ['alice', 'bob']) look(700, user, 1);
  events.push({ kind: 'memory', at: 800, node: 'n1', phase: 'after', bytes: 20_500_000 });
  return {
    events,
    remains: {
      readAt: Infinity,
      inboxes: [{ user: 'bob', channel: 'chat', messages: [1, 2, 3, 4, 5].map((n) => message(n)) }],
      keys: [{ key: 'inbox:{bob}:chat', ttlMs: 1000 }],
    },
  };
}

const judge = ({ events, remains }: Story): string[] =>
  check({ events }, remains, BOUNDS).map(({ rule, what }) => `${rule} ${what}`);

function deliveriesOf({ events }: Story): EventOf<'delivered'>[] {
  return events.filter((event) => event.kind === 'delivered');
}

function drop(story: Story, unwanted: (event: HistoryEvent) => boolean): void {
  story.events = story.events.filter((event) => !unwanted(event));
}

const isDelivery =
  (connection: string, n: number) =>
  (event: HistoryEvent): boolean =>
    event.kind === 'delivered' && event.connection === connection && event.message.id === `id-${n}`;

describe('the checker', () => {
  it('finds nothing in a clean history', () => {
    expect(judge(cleanStory())).toEqual([]);
  });

  it('finds nothing where the unanswered send was not stored at all', () => {
    const story = cleanStory();
    story.remains.inboxes[0]!.messages.pop();
    drop(story, isDelivery('b2', 5));
    expect(judge(story)).toEqual([]);
  });

  it('does not ask what was answered after the inboxes were read to be in them', () => {
    const story = cleanStory();
    story.remains.inboxes[0]!.messages.splice(3, 1);
    const { at } = story.events.find((event) => event.kind === 'answered' && event.id === 'id-4')!;
    drop(story, (event) => isDelivery('b1', 4)(event) || isDelivery('b2', 4)(event));
    story.remains.readAt = at - 1;
    expect(judge(story).filter((violation) => violation.startsWith('1 '))).toEqual([]);
  });

  const MUTANTS: [string, Rule, (story: Story) => void][] = [
    [
      'an acknowledged message dropped from the inbox',
      1,
      (story) => story.remains.inboxes[0]!.messages.splice(3, 1),
    ],
    ['a message never delivered', 1, (story) => drop(story, isDelivery('b2', 4))],
    [
      'a message skipped on one connection, though delivered on the next',
      2,
      (story) => drop(story, isDelivery('b1', 2)),
    ],
    [
      'an acknowledged copy missing',
      1,
      (story) => {
        for (const event of story.events) if (event.kind === 'tried') event.copy = event.clientId === 'c-2';
      },
    ],
    [
      'two deliveries swapped',
      2,
      (story) => {
        const [first, second] = deliveriesOf(story);
        [first!.message, second!.message] = [second!.message, first!.message];
      },
    ],
    [
      'a later send stored before an earlier one',
      2,
      (story) => {
        for (const event of story.events) {
          if (event.kind === 'answered' && event.clientId === 'c-4') event.offset = '1000-7';
          if (event.kind === 'delivered' && event.message.id === 'id-4') event.message.offset = '1000-7';
        }
        story.remains.inboxes[0]!.messages[3]!.offset = '1000-7';
      },
    ],
    [
      'a later send stored before one whose answer it did not wait for',
      2,
      (story) => {
        for (const event of story.events) {
          if (event.kind === 'tried' && event.clientId === 'c-4') event.at = 34;
          if (event.kind === 'answered' && event.clientId === 'c-4') event.offset = '1002-7';
          if (event.kind === 'delivered' && event.message.id === 'id-4') event.message.offset = '1002-7';
        }
        story.remains.inboxes[0]!.messages[3]!.offset = '1002-7';
        drop(story, isDelivery('b1', 3));
        const [third, fourth] = deliveriesOf(story).slice(2);
        [third!.message, fourth!.message] = [fourth!.message, third!.message];
      },
    ],
    [
      'a message doubled on its connection',
      3,
      (story) => story.events.push({ ...deliveriesOf(story)[5]!, at: 120 }),
    ],
    [
      'a repeat on a second connection while the first is still there',
      4,
      (story) => drop(story, ({ kind }) => kind === 'ended'),
    ],
    [
      'a repeat of what was acked',
      4,
      (story) => {
        const at = story.events.findIndex(isDelivery('b2', 3));
        story.events.splice(at, 0, { ...deliveriesOf(story)[1]!, connection: 'b2', at: 112 });
      },
    ],
    [
      'a message handed to a stranger',
      5,
      (story) => story.events.push({ ...deliveriesOf(story)[0]!, user: 'alice', connection: 'a' }),
    ],
    [
      'a message that nobody sent',
      5,
      (story) => drop(story, (event) => event.kind === 'tried' && event.clientId === 'c-5'),
    ],
    [
      'a body that is not the one sent',
      5,
      (story) => {
        deliveriesOf(story)[1]!.message.mark = 'mark 9';
      },
    ],
    [
      'presence wrong at the end',
      6,
      (story) =>
        story.events.push({ kind: 'looked', askedAt: 4000, at: 4001, node: 'n2', user: 'bob', devices: 2 }),
    ],
    [
      'presence true again, but too late',
      6,
      (story) => {
        const look = { kind: 'looked', node: 'n2', user: 'bob' } as const;
        story.events.push({ ...look, askedAt: 3100, at: 3101, devices: 0 });
        story.events.push({ ...look, askedAt: 3200, at: 3201, devices: 1 });
      },
    ],
    [
      'presence never looked at',
      6,
      (story) => drop(story, (event) => event.kind === 'looked' && event.user === 'alice'),
    ],
    [
      'a client told to stay away',
      6,
      (story) => {
        for (const event of story.events) if (event.kind === 'ended') event.forGood = true;
      },
    ],
    [
      'memory not given back',
      7,
      (story) => {
        for (const event of story.events)
          if (event.kind === 'memory' && event.phase === 'after') event.bytes += 1_000_000;
      },
    ],
    [
      'an unanswered send stored twice',
      8,
      (story) => {
        const again = message(5, { id: 'id-6', offset: '1006-0' });
        story.remains.inboxes[0]!.messages.push(again);
        story.events.push({ kind: 'delivered', at: 130, ...bobsPhone('b2'), message: again });
      },
    ],
    [
      'two different answers to one send',
      8,
      (story) =>
        story.events.push({
          kind: 'answered',
          at: 60,
          from: 'alice',
          to: 'bob',
          clientId: 'c-3',
          id: 'x',
          offset: '1-0',
        }),
    ],
    ['a key without expiry', 9, (story) => story.remains.keys.push({ key: 'state:{bob}', ttlMs: -1 })],
  ];

  it.each(MUTANTS)('finds %s (rule %i)', (_name, rule, mutate) => {
    const story = cleanStory();
    mutate(story);
    const rules = new Set(judge(story).map((found) => Number(found[0])));
    expect([...rules]).toContain(rule);
    expect(rules.size).toBeLessThanOrEqual(2);
  });

  it('does not judge what the store was allowed to lose', () => {
    const story = cleanStory();
    story.remains.inboxes[0]!.messages = story.remains.inboxes[0]!.messages.slice(3);
    story.events.push({ kind: 'store-lost', at: 35 });
    expect(judge(story)).toEqual([]);
  });
});
