import { Hub } from '../../src/hub';
import {
  type BeelineNode,
  closeNodes,
  MARK,
  RawClient,
  rest,
  startNode,
  TestClient,
  tokenFor,
  uniquePrefix,
  uniqueUser,
  waitUntil,
} from '../support';

const MEGABYTE = 1_000_000;
/** So that what is judged at the second ping is judged within the time of a test. */
const PING_MS = 300;
/** RFC 6455, section 7.4.1. */
const PROTOCOL_ERROR = 1002;

/** Every frame is Engine.IO's packet type `4`, a message, and then Socket.IO's packet, unless a case says otherwise. */
const CUT: [name: string, ...frames: (string | Buffer)[]][] = [
  ['a packet type that Engine.IO does not have', '9'],
  ['no packet type at all', MARK],
  ['a packet type that Socket.IO does not have', '49'],
  ['no packet within the message', '4'],
  ['an event that is no array', '42{"message:send":1}'],
  ['an event of null', '42[null]'],
  ['broken JSON', '42["message:send",'],
  ['JSON with something behind it', '42["message:send",{}]]'],
  ['a number that is no JSON', '42["message:send",1e]'],
  ['an event of Socket.IO’s own', '42["connect",{}]'],
  ['an answer that is no array', '430{}'],
  ['a disconnect with a payload', '41{}'],
  ['a second connect', '40{"token":"again"}'],
  ['a connect error from a client', '44{"message":"no"}'],
  ['binary data that nobody announced', Buffer.from(MARK)],
  ['an attachment for nothing', '450-["x"]'],
  ['a negative number of attachments', '45-1-["x"]'],
  ['a fraction of an attachment', '451.5-["x"]'],
  ['attachments without a number', '45-["x"]'],
  ['an endless number of attachments', `45${'9'.repeat(400)}-["x"]`],
  ['more attachments than ten', '4511-["x"]'],
  [
    'a place for an attachment that there is not',
    '451-["x",{"_placeholder":true,"num":7}]',
    Buffer.from(MARK),
  ],
  ['a place named __proto__', '451-["x",{"_placeholder":true,"num":"__proto__"}]', Buffer.from(MARK)],
  ['text where an attachment should be', '451-["x",{"_placeholder":true,"num":0}]', '42["presence:get",{}]'],
  ['one attachment too many', '451-["x",{"_placeholder":true,"num":0}]', Buffer.from('a'), Buffer.from('b')],
  ['an event for a namespace that is not there', '42/admin,["x"]'],
  ['an event for a namespace of 100,000 letters', `42/${'x'.repeat(100_000)},["x"]`],
  ['a text frame over a megabyte', `42["x","${'x'.repeat(MEGABYTE)}"]`],
  ['a binary frame over a megabyte', Buffer.alloc(MEGABYTE + 1)],
];

const BORNE: [name: string, ...frames: (string | Buffer)[]][] = [
  ['a pong that nobody asked for', '3', '3', '3probe'],
  ['an empty event', '42[""]', '42["",{}]'],
  ['an event named by a number', '42[7]', '42[1e308,{}]'],
  ['an acknowledgement’s number that no double holds', `42${'9'.repeat(400)}["x",{}]`],
  ['an answer to what was not asked', '4399999999["x"]'],
  [
    'huge numbers',
    '421["presence:get",{"users":[1e308]}]',
    '422["inbox:pull",{"channel":"chat","limit":1e400}]',
  ],
  ['a number of 100,000 digits', `423["inbox:pull",{"channel":"chat","limit":${'9'.repeat(100_000)}}]`],
  [
    'an array of 400,000 brackets',
    `424["presence:get",{"users":${'['.repeat(400_000)}${']'.repeat(400_000)}}]`,
  ],
  [
    'a body of 150,000 objects, one in another',
    `425["message:send",{"to":"b","clientId":"c","body":${'{"a":'.repeat(150_000)}1${'}'.repeat(150_000)}}]`,
  ],
  ['100,000 keys', `426["message:send",{${Array.from({ length: 100_000 }, (_, i) => `"${i}":0`).join()}}]`],
  ['an attachment as it should be', '451-7["presence:get",{"_placeholder":true,"num":0}]', Buffer.from(MARK)],
  [
    'an attachment under __proto__',
    '451-8["presence:get",{"__proto__":{"_placeholder":true,"num":0}}]',
    Buffer.from(MARK),
  ],
];

describe('frames that no client library writes', () => {
  let node: BeelineNode;
  let bystander: TestClient;
  let offender: RawClient;
  const escaped: unknown[] = [];
  const noteEscaped = (reason: unknown) => escaped.push(reason);

  beforeAll(async () => {
    process.on('unhandledRejection', noteEscaped);
    process.on('uncaughtExceptionMonitor', noteEscaped);
    node = await startNode({
      REDIS_KEY_PREFIX: uniquePrefix(),
      PING_INTERVAL_MS: `${PING_MS}`,
      PING_TIMEOUT_MS: '5000',
    });
    bystander = await TestClient.connect(node, uniqueUser('bob'));
  });
  beforeEach(async () => {
    offender = await RawClient.connect(node, uniqueUser('eve'));
  });
  afterEach(expectPeace);
  afterAll(async () => {
    TestClient.closeAll();
    await closeNodes(node);
    process.off('unhandledRejection', noteEscaped);
    process.off('uncaughtExceptionMonitor', noteEscaped);
  });

  /** After every single case: nobody else has noticed anything, and nothing of the offender is left. */
  async function expectPeace(): Promise<void> {
    offender.terminate();
    await waitUntil('the offender is gone', () => connections() === 1);
    expect(await bystander.request('presence:get', { users: ['bob'] })).toMatchObject({ ok: true });
    expect(bystander.disconnectReason).toBeUndefined();
    expect(bystander.messages).toEqual([]);
    expect((await rest(node, 'GET', '/healthz')).status).toBe(200);
    expect(({} as Record<string, unknown>)['_placeholder']).toBeUndefined();
    expect(escaped).toEqual([]);
  }

  const connections = () => node.app.get<Hub>(Hub).size;

  /** The offender is still served. */
  async function expectServed(): Promise<void> {
    offender.send('42424242["presence:get",{"users":["bob"]}]');
    await waitUntil('the offender is answered', () =>
      offender.frames.some((frame) => frame.startsWith('43424242[{"ok":true')),
    );
  }

  it.each(CUT)('cut the connection that sent them: %s', async (_name, ...frames) => {
    for (const frame of frames) offender.send(frame);
    await offender.closed();
    expect(offender.frames.join()).not.toContain(MARK);
  });

  it.each(BORNE)('do no harm: %s', async (_name, ...frames) => {
    for (const frame of frames) offender.send(frame);
    await expectServed();
    expect(offender.frames.join()).not.toContain(MARK);
  });

  it.each([
    ['a packet type that Engine.IO does not have', '9'],
    ['broken JSON', '40{'],
    ['a token that is 100,000 brackets', `40{"token":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
    ['a `since` that is 100,000 brackets as text', `40{"since":"${'['.repeat(100_000)}"}`],
    ['an event before the connect', '42["message:send",{}]'],
    ['binary data', Buffer.from(MARK)],
    ['eleven attachments', '4511-["x"]'],
  ])('get nobody in, sent before the connect: %s', async (_name, frame) => {
    const stranger = await RawClient.open(node);
    stranger.send(frame);
    stranger.send('42["presence:get",{}]');
    await waitUntil(
      'the stranger is refused or cut',
      () => stranger.closeCode !== undefined || stranger.frames.some((each) => each.startsWith('44')),
    );
    expect(stranger.frames.filter((each) => each.startsWith('42') || each.startsWith('43'))).toEqual([]);
    stranger.terminate();
  });

  it('in fragments without end cut the connection, long before a megabyte is reached', async () => {
    let sent = 0;
    while (offender.isOpen && sent < 40_000) {
      for (let i = 0; i < 500; i += 1) offender.sendFragment('4', false);
      sent += 500;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await offender.closed()).not.toBe(1000);
  });

  it('that say they are compressed cut the connection: compression is off', async () => {
    // FIN and RSV1 with opcode 1; masked, one byte, mask of zeros.
    offender.writeBytes(Buffer.from([0xc1, 0x81, 0, 0, 0, 0, 0x34]));
    expect(await offender.closed()).toBe(PROTOCOL_ERROR);
  });

  it.each([
    ['not masked', [0x81, 0x01, 0x34]],
    ['of an opcode that there is not', [0x8b, 0x80, 0, 0, 0, 0]],
    ['of 2^63 bytes', [0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]],
    ['that go on with what was not begun', [0x80, 0x81, 0, 0, 0, 0, 0x34]],
    ['of text that is no UTF-8', [0x81, 0x82, 0, 0, 0, 0, 0xc3, 0x28]],
  ])('that are no WebSocket frames cut the connection: %s', async (_name, bytes) => {
    offender.writeBytes(Buffer.from(bytes));
    expect(await offender.closed()).toBeGreaterThanOrEqual(PROTOCOL_ERROR);
  });

  describe('a binary packet that is never finished', () => {
    it('is not waited for longer than to the second ping', async () => {
      offender.send('452-["x",{"_placeholder":true,"num":0}]');
      offender.send(Buffer.from('half of it'));
      expect(await offender.closed()).toBeGreaterThan(0);
    });

    it('holds a megabyte at most', async () => {
      offender.send('4510-["x",{"_placeholder":true,"num":0}]');
      for (let i = 0; i < 3; i += 1) offender.send(Buffer.alloc(400_000));
      expect(await offender.closed()).toBeGreaterThan(0);
    });

    it('is not what a slow but honest one is taken for: many small ones, one after the other', async () => {
      const startedAt = performance.now();
      for (let i = 0; performance.now() - startedAt < 4 * PING_MS; i += 1) {
        offender.send(`451-${i}["presence:get",{"_placeholder":true,"num":0}]`);
        offender.send(Buffer.alloc(50_000));
        await waitUntil('it is answered', () => offender.frames.some((frame) => frame.startsWith(`43${i}[`)));
      }
      await expectServed();
    });
  });
});

describe('deep JSON over REST', () => {
  let node: BeelineNode;
  const token = tokenFor(uniqueUser('eve'));

  beforeAll(async () => {
    node = await startNode({ REDIS_KEY_PREFIX: uniquePrefix() });
  });
  afterAll(() => closeNodes(node));

  it.each([
    ['450,000 arrays', '['.repeat(450_000) + ']'.repeat(450_000), 413],
    ['40,000 arrays', '['.repeat(40_000) + ']'.repeat(40_000), 400],
    ['15,000 objects', `${'{"a":'.repeat(15_000)}1${'}'.repeat(15_000)}`, 400],
    ['7,000 objects under __proto__', `${'{"__proto__":'.repeat(7000)}1${'}'.repeat(7000)}`, 400],
  ])('is refused, and harms nobody: %s', async (_name, deep, refusal) => {
    for (const [path, field] of [
      ['/messages', 'body'],
      ['/messages', 'to'],
      ['/presence/query', 'users'],
    ] as const) {
      const text = `{"to":"bob","body":1,"${field}":${deep}}`;
      const { status, body } = await rest(node, 'POST', path, { token, text });
      const code = refusal === 400 ? 'bad_request' : 'too_large';
      expect([path, status, body['code']]).toEqual([path, refusal, code]);
    }
    for (const path of ['/auth/login', '/inbox/chat/read']) {
      expect((await rest(node, 'POST', path, { token, text: `{"offset":${deep}}` })).status).toBe(413);
    }
    expect((await rest(node, 'POST', '/messages', { token, text: deep })).status).toBe(refusal);
    expect((await rest(node, 'GET', '/healthz')).status).toBe(200);
  });
});
