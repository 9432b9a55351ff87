import { ChatService } from '../../src/chat';
import {
  aString,
  BAD_BODIES,
  BAD_CHANNELS,
  BAD_CLIENT_IDS,
  BAD_FLAGS,
  BAD_IDS,
  BAD_LIMITS,
  BAD_OFFSETS,
  BAD_PAYLOADS,
  BAD_USERS,
  type BadValue,
  type BeelineNode,
  closeNodes,
  MARK,
  rest,
  startCluster,
  TestClient,
  tokenFor,
  uniqueUser,
} from '../support';

const MAX_BODY_BYTES = 16_384;
const ALICE = uniqueUser('alice');
const BOB = uniqueUser('bob');

interface RequestEvent {
  event: string;
  /** A payload that is right, and never sent as it is. */
  right: Record<string, unknown>;
  required: string[];
  bad: Record<string, BadValue[]>;
}

const EVENTS: RequestEvent[] = [
  {
    event: 'message:send',
    right: { to: BOB, body: MARK, clientId: 'c-1' },
    required: ['to', 'body', 'clientId'],
    bad: {
      to: BAD_IDS,
      body: BAD_BODIES,
      clientId: BAD_CLIENT_IDS,
      channel: BAD_CHANNELS,
      copy: BAD_FLAGS,
      receipt: BAD_FLAGS,
    },
  },
  {
    event: 'inbox:ack',
    right: { channel: 'chat', offset: '1-0' },
    required: ['channel', 'offset'],
    bad: { channel: BAD_CHANNELS, offset: BAD_OFFSETS },
  },
  {
    event: 'inbox:read',
    right: { channel: 'chat', offset: '1-0' },
    required: ['channel', 'offset'],
    bad: { channel: BAD_CHANNELS, offset: BAD_OFFSETS },
  },
  {
    event: 'inbox:pull',
    right: { channel: 'chat' },
    required: ['channel'],
    bad: { channel: BAD_CHANNELS, after: BAD_OFFSETS, before: BAD_OFFSETS, limit: BAD_LIMITS },
  },
  { event: 'presence:get', right: { users: [BOB] }, required: ['users'], bad: { users: BAD_USERS } },
];

/** Names that mean something to Socket.IO, to Node's emitters, to Nest or to JavaScript; and those we send ourselves. */
const UNKNOWN_EVENTS = [
  ...[MARK, '', ' ', 'message', 'session', 'session:end', 'inbox:synced', 'Message:Send', 'message:send '],
  ...[
    'error',
    'connection',
    'data',
    'packet',
    'close',
    'end',
    'ping',
    'pong',
    'open',
    'upgrade',
    'drain',
    'exception',
  ],
  ...['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'x'.repeat(100_000)],
];

/** The contract's error, and nothing more. */
function refusal(code: string, field?: string): object {
  const details = field === undefined ? {} : { details: [{ field, problem: aString() }] };
  return { ok: false, error: { code, message: aString(), retryable: false, ...details } };
}

describe('bad input on a socket', () => {
  let nodes: BeelineNode[];
  let client: TestClient;
  let watcher: TestClient;
  const escaped: unknown[] = [];
  const noteEscaped = (reason: unknown) => escaped.push(reason);

  beforeAll(async () => {
    process.on('unhandledRejection', noteEscaped);
    process.on('uncaughtExceptionMonitor', noteEscaped);
    nodes = await startCluster(2);
    const [a, b] = nodes as [BeelineNode, BeelineNode];
    client = await TestClient.connect(a, ALICE, { deviceId: 'phone' });
    watcher = await TestClient.connect(b, BOB);
  });
  afterAll(async () => {
    TestClient.closeAll();
    await closeNodes(...nodes);
    process.off('unhandledRejection', noteEscaped);
    process.off('uncaughtExceptionMonitor', noteEscaped);
  });

  afterEach(expectPeace);

  /** After every single case: the connection is there, and nobody was told anything. */
  async function expectPeace(): Promise<void> {
    expect(await client.request('presence:get', { users: [ALICE] })).toMatchObject({ ok: true });
    for (const { events } of [client, watcher]) {
      expect(events.filter(({ event }) => event !== 'session' && event !== 'inbox:synced')).toEqual([]);
    }
    expect(client.disconnectReason).toBeUndefined();
    expect(client.payloadsOf('session')).toHaveLength(1);
    expect(escaped).toEqual([]);
  }

  /** What is answered; never with anything of what was sent. */
  async function answerTo(event: string, ...args: unknown[]): Promise<unknown> {
    const answer = await client.request(event, ...args);
    if (JSON.stringify(answer).includes(MARK)) throw new Error('the answer repeats what was sent');
    return answer;
  }

  describe.each(EVENTS)('$event', ({ event, right, required, bad }) => {
    const cases = Object.entries(bad).flatMap(([field, values]) =>
      values.map(([name, value]) => ({ field, name, value })),
    );

    it.each(cases)('refuses $field: $name', async ({ field, value }) => {
      expect(await answerTo(event, { ...right, [field]: value })).toEqual(refusal('bad_request', field));
    });

    it.each(required)('refuses a payload without %s', async (field) => {
      const { [field]: _left, ...rest } = right;
      expect(await answerTo(event, rest)).toEqual(refusal('bad_request', field));
    });

    it.each(BAD_PAYLOADS)('refuses %s as the payload', async (_name, payload) => {
      const answer = await client.request(event, payload);
      expect(answer).toMatchObject({ ok: false, error: { code: 'bad_request', retryable: false } });
      expect(Object.keys(answer)).toEqual(['ok', 'error']);
      expect(JSON.stringify(answer)).not.toContain(MARK);
    });

    it('refuses nothing, several payloads, and binary data for the payload', async () => {
      expect(await answerTo(event)).toEqual(refusal('bad_request', 'payload'));
      expect(await answerTo(event, right, right)).toEqual(refusal('bad_request', 'payload'));
      expect(await answerTo(event, null, right)).toEqual(refusal('bad_request', 'payload'));
      expect(await answerTo(event, Buffer.from(MARK))).toEqual(refusal('bad_request', 'payload'));
    });

    it.each(Object.keys(bad))('refuses binary data as %s', async (field) => {
      expect(await answerTo(event, { ...right, [field]: Buffer.from(MARK) })).toEqual(
        refusal('bad_request', field),
      );
    });

    it('handles what comes without an acknowledgement, and answers nothing', async () => {
      const socket = client.socket as unknown as { emit(event: string, ...args: unknown[]): void };
      for (const [, payload] of BAD_PAYLOADS) socket.emit(event, payload);
      for (const { field, value } of cases) socket.emit(event, { ...right, [field]: value });
      socket.emit(event);
      socket.emit(event, right, right);
      expect(await answerTo('presence:get', { users: [ALICE] })).toMatchObject({ ok: true });
    });
  });

  it.each(['message:send', 'inbox:ack', 'inbox:read', 'inbox:pull'])(
    '%s refuses a channel that is not there',
    async (event) => {
      const { right } = EVENTS.find((known) => known.event === event) as RequestEvent;
      for (const channel of ['nowhere', MARK, '__proto__', 'constructor']) {
        expect(await answerTo(event, { ...right, channel })).toEqual(refusal('not_found'));
      }
    },
  );

  it('refuses a message into the channel `sent`', async () => {
    expect(await answerTo('message:send', { to: BOB, body: 1, clientId: 'c-1', channel: 'sent' })).toEqual(
      refusal('not_found'),
    );
  });

  it('refuses `after` together with `before`', async () => {
    expect(await answerTo('inbox:pull', { channel: 'chat', after: '1-0', before: '2-0' })).toEqual(
      refusal('bad_request', 'before'),
    );
  });

  it('names every field that is wrong', async () => {
    const answer = await client.request('message:send', { to: 7, copy: 'yes', clientId: '' });
    expect(answer).toMatchObject({ ok: false, error: { code: 'bad_request' } });
    const { details } = (answer as { error: { details: { field: string }[] } }).error;
    expect(details.map(({ field }) => field).sort()).toEqual(['body', 'clientId', 'copy', 'to']);
  });

  it.each([
    ['one byte over the limit', 'x'.repeat(MAX_BODY_BYTES - 1)],
    ['over the limit in bytes, not in characters', 'é'.repeat(MAX_BODY_BYTES / 2)],
    ['nearly as large as a frame may be', 'x'.repeat(900_000)],
  ])('answers too_large for a body %s', async (_name, body) => {
    expect(await answerTo('message:send', { to: BOB, body, clientId: 'c-1' })).toEqual(refusal('too_large'));
  });

  it.each(UNKNOWN_EVENTS.map((event) => [event.slice(0, 20), event]))(
    'refuses the unknown event %p',
    async (_name, event) => {
      expect(await answerTo(event, { to: BOB, body: MARK })).toEqual(refusal('bad_request'));
      expect(await answerTo(event)).toEqual(refusal('bad_request'));
      client.socket.emit(event as 'message:send', {} as never);
    },
  );

  it('survives packets that a client library would not write', async () => {
    for (const packet of [
      '2',
      '2[7]',
      '2[7,{}]',
      '2["message:send"]',
      '3[]',
      '3999[]',
      '3999["x"]',
      '24[8,{}]',
    ]) {
      client.writeRaw(packet);
    }
    expect(await answerTo('presence:get', { users: [ALICE] })).toMatchObject({ ok: true });
  });

  describe('a handler that throws', () => {
    let chat: ChatService;
    beforeEach(() => {
      chat = (nodes[0] as BeelineNode).app.get<ChatService>(ChatService);
    });
    afterEach(() => {
      Reflect.deleteProperty(chat, 'send');
    });
    const INTERNAL = { code: 'internal', retryable: false };

    it.each([
      ['an error', new Error(MARK)],
      ['a TypeError', new TypeError(MARK)],
      ['text', MARK],
      ['an object with a status', { status: 404, message: MARK }],
      ['undefined', undefined],
      ['null', null],
    ])('is our fault, told without detail: %s, thrown or rejected', async (_name, thrown) => {
      const throwing = [
        () => {
          throw thrown;
        },
        // Whatever it is: that is what is tested.
        // oxlint-disable-next-line prefer-promise-reject-errors
        () => Promise.reject(thrown),
      ];
      for (const send of throwing) {
        Object.assign(chat, { send });
        const answer = await client.request('message:send', { to: BOB, body: 1, clientId: 'c-1' });
        expect(answer).toEqual({ ok: false, error: { ...INTERNAL, message: aString() } });
        expect(JSON.stringify(answer)).not.toContain(MARK);
        client.socket.emit('message:send', { to: BOB, body: 1, clientId: 'c-1' });
        await client.request('presence:get', { users: [ALICE] });
      }
    });

    it('is a 500 over REST, without detail', async () => {
      Object.assign(chat, { send: () => Promise.reject(new Error(MARK)) });
      const { status, type, body } = await rest(nodes[0] as BeelineNode, 'POST', '/messages', {
        token: tokenFor(ALICE),
        body: { to: BOB, body: 1 },
      });
      expect({ status, code: body['code'], retryable: body['retryable'] }).toEqual({
        status: 500,
        ...INTERNAL,
      });
      expect(type).toMatch(/^application\/problem\+json/);
      expect(JSON.stringify(body)).not.toContain(MARK);
    });
  });
});

describe('packets that break the protocol of Socket.IO', () => {
  let node: BeelineNode;
  beforeAll(async () => {
    [node] = (await startCluster(1)) as [BeelineNode];
  });
  afterAll(async () => {
    TestClient.closeAll();
    await closeNodes(node);
  });

  it.each([
    '9',
    'x',
    '2{"not":"an array"}',
    '2["unfinished',
    '2["disconnect",{}]',
    '2["newListener",{}]',
    '2[{"an":"object"}]',
    '51-["binary",{"_placeholder":true,"num":7}]',
    '5999999999-["binary"]',
    '0{"token":"again"}',
    '0[7]',
    '1',
    '4{"message":"connect error"}',
  ])('cost at most the connection that sent them: %s', async (packet) => {
    const offender = await TestClient.connect(node, uniqueUser('eve'));
    const bystander = await TestClient.connect(node, uniqueUser('bob'));
    offender.writeRaw(packet);
    offender.writeRaw('2["message:send",{}]');
    const answer = await bystander.request('presence:get', { users: ['bob'] });
    expect(answer.ok).toBe(true);
    expect((await rest(node, 'GET', '/healthz')).status).toBe(200);
    expect(bystander.socket.connected).toBe(true);
  });
});

describe('what is right after all that', () => {
  let node: BeelineNode;
  beforeAll(async () => {
    [node] = (await startCluster(1)) as [BeelineNode];
  });
  afterAll(async () => {
    TestClient.closeAll();
    await closeNodes(node);
  });

  it('is taken at the very limits', async () => {
    const client = await TestClient.connect(node, 'z'.repeat(128), { deviceId: 'ä_.@:|+-'.repeat(16) });
    const nested: unknown = JSON.parse('['.repeat(64) + ']'.repeat(64));
    const answers = [
      await client.send('z'.repeat(128), 'x'.repeat(MAX_BODY_BYTES - 2), 'z'.repeat(64)),
      await client.send('ü_.@:|+-', nested, 'é'),
    ];
    for (const answer of answers) expect(answer['duplicate']).toBe(false);
  });

  it('is handled without an acknowledgement too', async () => {
    const client = await TestClient.connect(node, uniqueUser('alice'));
    client.socket.emit('message:send', {
      to: client.session.userId,
      body: 'no answer wanted',
      clientId: 'c-1',
    });
    await client.receives(1);
    expect(client.bodies()).toEqual(['no answer wanted']);
  });

  it('has no field `event` in any answer', async () => {
    const client = await TestClient.connect(node, uniqueUser('alice'));
    const sent = await client.send(client.session.userId, { event: 'inner' }, 'c-1', {
      event: 'outer',
      copy: true,
    });
    const answers = [
      sent,
      await client.request('inbox:ack', { channel: 'chat', offset: sent['offset'], event: 'x' }),
      await client.request('inbox:read', { channel: 'chat', offset: sent['offset'], event: 'x' }),
      await client.request('inbox:pull', { channel: 'chat', event: 'x' }),
      await client.request('presence:get', { users: ['event'], event: 'x' }),
      await client.request('nothing', { event: 'x' }),
    ];
    for (const answer of answers) expect(answer).not.toHaveProperty('event');
  });
});
