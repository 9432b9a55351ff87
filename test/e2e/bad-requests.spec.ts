import { gzipSync } from 'node:zlib';
import {
  aString,
  BAD_BODIES,
  BAD_CHANNELS,
  BAD_CLIENT_IDS,
  BAD_FLAGS,
  BAD_IDS,
  BAD_OFFSETS,
  BAD_PAYLOADS,
  BAD_USERS,
  type BadValue,
  type BeelineNode,
  closeNodes,
  MARK,
  type RestAnswer,
  rest,
  startNode,
  TestClient,
  tokenFor,
  typesBut,
  uniquePrefix,
  uniqueUser,
} from '../support';

const ALICE = uniqueUser('alice');
const BOB = uniqueUser('bob');
const TOKEN = tokenFor(ALICE, { scope: 'send:any' });

const BAD_PASSWORDS: BadValue[] = [
  ...typesBut('string'),
  ['too short', `${MARK}123`],
  ['too long', MARK.repeat(65)],
];
const BAD_REFRESH_TOKENS: BadValue[] = [
  ...typesBut('string'),
  ['an empty string', ''],
  ['too long', MARK.repeat(257)],
];

interface Route {
  path: string;
  /** A body that is right, and never sent as it is. */
  right: Record<string, unknown>;
  required: string[];
  bad: Record<string, BadValue[]>;
}

const POSTS: Route[] = [
  {
    path: '/messages',
    right: { to: BOB, body: MARK },
    required: ['to', 'body'],
    bad: {
      to: BAD_IDS,
      body: BAD_BODIES,
      clientId: BAD_CLIENT_IDS,
      channel: BAD_CHANNELS,
      copy: BAD_FLAGS,
      receipt: BAD_FLAGS,
      from: BAD_IDS,
    },
  },
  {
    path: '/inbox/chat/read',
    right: { offset: '1-0' },
    required: ['offset'],
    bad: { offset: BAD_OFFSETS },
  },
  {
    path: '/inbox/chat/ack',
    right: { offset: '1-0', deviceId: 'phone' },
    required: ['offset', 'deviceId'],
    bad: { offset: BAD_OFFSETS, deviceId: BAD_IDS },
  },
  { path: '/presence/query', right: { users: [BOB] }, required: ['users'], bad: { users: BAD_USERS } },
  {
    path: '/auth/register',
    right: { username: ALICE, password: `${MARK} is a good password` },
    required: ['username', 'password'],
    bad: { username: BAD_IDS, password: BAD_PASSWORDS },
  },
  {
    path: '/auth/login',
    right: { username: ALICE, password: `${MARK} is a good password` },
    required: ['username', 'password'],
    bad: { username: BAD_IDS, password: BAD_PASSWORDS },
  },
  {
    path: '/auth/refresh',
    right: { refreshToken: MARK },
    required: ['refreshToken'],
    bad: { refreshToken: BAD_REFRESH_TOKENS },
  },
];

/** What was answered; never with anything of what was sent. */
function told(answer: RestAnswer): RestAnswer {
  if (JSON.stringify(answer.body).includes(MARK)) throw new Error('the answer repeats what was sent');
  return answer;
}

/** A problem document as the contract has it, and nothing more. */
function problem(status: number, code: string, field?: string): RestAnswer {
  const details = field === undefined ? {} : { details: [{ field, problem: aString() }] };
  return {
    status,
    type: 'application/problem+json; charset=utf-8',
    body: { type: 'about:blank', title: code, status, detail: aString(), code, retryable: false, ...details },
  };
}

/** Which fields are named differs with what came in the object's place. */
function withoutDetails(answer: RestAnswer): RestAnswer {
  const { details: _details, ...body } = told(answer).body;
  return { ...answer, body };
}

describe('bad input over REST', () => {
  let node: BeelineNode;
  let watcher: TestClient;

  beforeAll(async () => {
    node = await startNode({ LOCAL_ACCOUNTS: 'on', REDIS_KEY_PREFIX: uniquePrefix() });
    watcher = await TestClient.connect(node, BOB);
  });
  afterEach(expectPeace);

  /** After every single case: the process lives, and nobody was told anything. */
  async function expectPeace(): Promise<void> {
    expect((await rest(node, 'GET', '/healthz')).status).toBe(200);
    expect(watcher.events.filter(({ event }) => event !== 'session' && event !== 'inbox:synced')).toEqual([]);
  }
  afterAll(async () => {
    TestClient.closeAll();
    await closeNodes(node);
  });

  const post = (path: string, body: unknown) => rest(node, 'POST', path, { token: TOKEN, body });

  describe.each(POSTS)('POST $path', ({ path, right, required, bad }) => {
    const cases = Object.entries(bad).flatMap(([field, values]) =>
      values.map(([name, value]) => ({ field, name, value })),
    );

    it.each(cases)('refuses $field: $name', async ({ field, value }) => {
      expect(told(await post(path, { ...right, [field]: value }))).toEqual(
        problem(400, 'bad_request', field),
      );
    });

    it.each(required)('refuses a body without %s', async (field) => {
      const { [field]: _left, ...others } = right;
      expect(told(await post(path, others))).toEqual(problem(400, 'bad_request', field));
    });

    it.each(BAD_PAYLOADS)('refuses %s as the body', async (_name, payload) => {
      expect(withoutDetails(await post(path, payload))).toEqual(problem(400, 'bad_request'));
    });

    it.each([
      ['no body', {}],
      ['broken JSON', { text: `{"to":"${MARK}` }],
      ['no JSON at all', { text: MARK }],
      [
        'text beyond UTF-8',
        { text: '{"to":"\u0000"', headers: { 'content-type': 'application/json; charset=utf-7' } },
      ],
      [
        'JSON that says it is text',
        { text: JSON.stringify(right), headers: { 'content-type': 'text/plain' } },
      ],
      ['a form', { text: 'to=bob&body=1', headers: { 'content-type': 'application/x-www-form-urlencoded' } }],
      ['what is not packed as it says', { text: '{}', headers: { 'content-encoding': 'gzip' } }],
      ['a packing that nobody knows', { text: '{}', headers: { 'content-encoding': MARK } }],
    ])('refuses %s', async (_name, request) => {
      const answer = await rest(node, 'POST', path, { token: TOKEN, ...request });
      expect(withoutDetails(answer)).toEqual(problem(400, 'bad_request'));
    });

    it.each(['application/x-www-form-urlencoded', 'text/plain', ''])(
      'says that a body is to be JSON where it is called "%s"',
      async (type) => {
        const headers = { authorization: `Bearer ${TOKEN}`, ...(type !== '' && { 'content-type': type }) };
        const body = Buffer.from(JSON.stringify(right));
        const response = await fetch(`${node.url}${path}`, { method: 'POST', headers, body });
        expect(response.status).toBe(400);
        expect(await response.json()).toMatchObject({
          code: 'bad_request',
          details: [{ field: 'Content-Type', problem: 'must be application/json' }],
        });
      },
    );

    it('answers 413 to a request of more than a megabyte', async () => {
      expect(told(await post(path, { ...right, ballast: 'x'.repeat(1_000_001) }))).toEqual(
        problem(413, 'too_large'),
      );
    });

    it('does not unpack what is packed, however much it would be', async () => {
      const response = await fetch(`${node.url}${path}`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'content-encoding': 'gzip',
          authorization: `Bearer ${TOKEN}`,
        },
        body: gzipSync(JSON.stringify({ ...right, ballast: 'x'.repeat(20_000_000) })),
      });
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({
        code: 'bad_request',
        details: [{ field: 'Content-Encoding' }],
      });
    });
  });

  it('answers 413 to a message body over the limit', async () => {
    expect(told(await post('/messages', { to: BOB, body: 'x'.repeat(16_383) }))).toEqual(
      problem(413, 'too_large'),
    );
  });

  it.each(BAD_CLIENT_IDS.filter(([, value]) => typeof value === 'string' && /^[\x20-\x7e]+$/.test(value)))(
    'refuses Idempotency-Key: %s',
    async (_name, value) => {
      const headers = { 'Idempotency-Key': String(value) };
      const answer = await rest(node, 'POST', '/messages', {
        token: TOKEN,
        body: { to: BOB, body: 1 },
        headers,
      });
      expect(told(answer)).toEqual(problem(400, 'bad_request', 'Idempotency-Key'));
    },
  );

  it.each([
    ['GET', '/inbox/nowhere'],
    ['GET', '/inbox/zqxj'],
    ['GET', '/inbox/Chat'],
    ['GET', '/inbox/__proto__'],
    ['GET', `/inbox/${'z'.repeat(33)}`],
    ['GET', '/inbox/%7Bchat%7D'],
    ['POST', '/inbox/nowhere/read'],
    ['POST', '/inbox/nowhere/ack'],
    ['POST', '/inbox/constructor/ack'],
  ])('knows no channel at %s %s', async (method, path) => {
    const body = { offset: '1-0', deviceId: 'phone' };
    expect(
      told(await rest(node, method, path, { token: TOKEN, ...(method === 'POST' && { body }) })),
    ).toEqual(problem(404, 'not_found'));
  });

  it('knows no channel to send to', async () => {
    for (const channel of ['nowhere', MARK, 'sent', '__proto__']) {
      expect(told(await post('/messages', { to: BOB, body: 1, channel }))).toEqual(problem(404, 'not_found'));
    }
  });

  it.each([
    ...['zqxj', '', '17', '17-', '-17-0', '12345678901234567-0', '%2017-0', '17-0%0A', '1.5-0'].flatMap(
      (text) => [
        ['after', `?after=${text}`],
        ['before', `?before=${text}`],
      ],
    ),
    ['after', '?after=1-0&after=2-0'],
    ['before', '?after=1-0&before=2-0'],
    ...['zqxj', '', '0', '-1', '201', '1.5', '1e2', '%2010', '10&limit=20', 'NaN', '99999999999'].map(
      (text) => ['limit', `?limit=${text}`],
    ),
  ])('refuses %s in GET /inbox/chat%s', async (field, query) => {
    expect(told(await rest(node, 'GET', `/inbox/chat${query}`, { token: TOKEN }))).toEqual(
      problem(400, 'bad_request', field),
    );
  });

  it.each(['%7Bzqxj%7D', '%00', 'zqxj%20zqxj', '__proto__', 'z'.repeat(129), '%F0%9F%90%9D', 'zqxj%2Fzqxj'])(
    'refuses GET /presence/%s',
    async (user) => {
      expect(told(await rest(node, 'GET', `/presence/${user}`, { token: TOKEN }))).toEqual(
        problem(400, 'bad_request', 'users'),
      );
    },
  );

  it.each(['/presence/%', '/presence/%zz', '/inbox/%E0%A4%A'])('refuses the path %s', async (path) => {
    expect(told(await rest(node, 'GET', path, { token: TOKEN }))).toEqual(problem(400, 'bad_request'));
  });

  it.each([
    ['GET', '/nowhere'],
    ['GET', '/zqxj?zqxj=zqxj'],
    ['GET', '/messages'],
    ['DELETE', '/messages'],
    ['PUT', '/inbox/chat/read'],
    ['POST', '/healthz'],
    ['GET', '/presence'],
    ['GET', '/../../etc/passwd'],
    ['GET', '/__proto__'],
  ])('knows no route %s %s', async (method, path) => {
    expect(told(await rest(node, method, path, { token: TOKEN }))).toEqual(problem(404, 'not_found'));
  });
});
