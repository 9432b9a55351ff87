import { connect as connectSocket } from 'node:net';
import { sign } from 'jsonwebtoken';
import {
  aString,
  BAD_IDS,
  type BeelineNode,
  closeNodes,
  MARK,
  rest,
  startNode,
  TEST_SECRET,
  TestClient,
  tokenFor,
  uniquePrefix,
  uniqueUser,
} from '../support';

const OTHER_SECRET = 'another secret for tests only, also of 32 bytes';
const HOUR_S = 3600;
const EVE = uniqueUser('eve');

const nowS = () => Math.floor(Date.now() / 1000);
const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const signed = (claims: object, secret = TEST_SECRET, options: object = {}) =>
  sign({ sub: EVE, exp: nowS() + HOUR_S, ...claims }, secret, { algorithm: 'HS256', ...options });

function tampered(): string {
  const [header, , signature] = signed({}).split('.');
  return `${header}.${base64({ sub: 'root', exp: nowS() + HOUR_S })}.${signature}`;
}

const FORGERIES: [name: string, token: string][] = [
  ['one signed with another key', signed({}, OTHER_SECRET)],
  ['one that has expired', tokenFor(EVE, {}, -10_000)],
  ['one that is not valid yet', signed({ nbf: nowS() + HOUR_S })],
  ['one that never expires', sign({ sub: EVE }, TEST_SECRET, { algorithm: 'HS256' })],
  [
    'one of algorithm none',
    `${base64({ alg: 'none', typ: 'JWT' })}.${base64({ sub: EVE, exp: nowS() + HOUR_S })}.`,
  ],
  [
    'one of algorithm none that keeps its signature',
    `${base64({ alg: 'none' })}.${signed({}).split('.').slice(1).join('.')}`,
  ],
  ['one of another algorithm with our key', signed({}, TEST_SECRET, { algorithm: 'HS512' })],
  ['one with other claims put in', tampered()],
  ['one for nobody', sign({ exp: nowS() + HOUR_S }, TEST_SECRET)],
  ['one for __proto__', signed({ sub: '__proto__' })],
  ['one for a name with braces', signed({ sub: `{${MARK}}` })],
  ['one for a name that is too long', signed({ sub: 'z'.repeat(129) })],
  ['one whose signature is cut off', signed({}).split('.').slice(0, 2).join('.')],
  ['one whose claims are text', `${sign(MARK, TEST_SECRET, { algorithm: 'HS256' })}`],
  ['a word', MARK],
  ['three words', `${MARK}.${MARK}.${MARK}`],
];

describe('both doors', () => {
  let node: BeelineNode;
  let issued: BeelineNode;

  beforeAll(async () => {
    const shared = { REDIS_KEY_PREFIX: uniquePrefix() };
    node = await startNode({ ...shared, CORS_ORIGINS: 'https://app.example.com,capacitor://localhost' });
    issued = await startNode({
      ...shared,
      AUTH_SECRET: '',
      JWT_SECRET: TEST_SECRET,
      JWT_ISSUER: 'https://issuer.example.com',
      JWT_AUDIENCE: 'beeline',
    });
  });
  afterEach(expectNobodyThere);

  /** After every single case: what was refused has left nothing in presence. */
  async function expectNobodyThere(): Promise<void> {
    TestClient.closeAll();
    const { body } = await rest(node, 'GET', `/presence/${EVE}`, { token: tokenFor('asker') });
    expect(body['presence']).toEqual({ [EVE]: { online: false, devices: 0, lastSeen: null } });
  }
  afterAll(() => closeNodes(node, issued));

  async function refusedHandshake(auth: object, at = node): Promise<unknown> {
    const client = TestClient.start(at, EVE, { auth });
    const refusal: unknown = await client.connected().then(
      () => 'let in',
      (error: unknown) => error,
    );
    expect(client.events).toEqual([]);
    expect(JSON.stringify(refusal)).not.toContain(MARK);
    return refusal;
  }

  const UNAUTHORIZED = { code: 'unauthorized', message: aString(), retryable: false };

  describe.each(FORGERIES)('a token: %s', (_name, token) => {
    it('is refused at the handshake', async () => {
      expect(await refusedHandshake({ token })).toEqual(UNAUTHORIZED);
    });

    it('is refused over REST', async () => {
      const { status, type, body } = await rest(node, 'GET', '/inbox', { token });
      expect(status).toBe(401);
      expect(type).toMatch(/^application\/problem\+json/);
      expect(body).toMatchObject({ code: 'unauthorized', retryable: false });
      expect(JSON.stringify(body)).not.toContain(MARK);
    });
  });

  it.each([
    ['nothing', {}],
    ['null', { token: null }],
    ['a number', { token: 7 }],
    ['an object', { token: { [MARK]: MARK } }],
    ['an array', { token: [tokenFor(EVE)] }],
    ['an empty string', { token: '' }],
    ['a token under another name', { jwt: tokenFor(EVE) }],
    ['a token under __proto__', JSON.parse(`{"__proto__":{"token":"${tokenFor(EVE)}"}}`) as object],
  ])('a handshake with %s for a token is refused', async (_name, auth) => {
    expect(await refusedHandshake(auth)).toEqual(UNAUTHORIZED);
  });

  it.each(['', 'Bearer', 'Bearer ', 'Basic ZXZlOmV2ZQ==', `Bearer ${MARK} ${MARK}`, `Token ${MARK}`])(
    'REST with `Authorization: %s` is refused, and told what is wanted',
    async (authorization) => {
      const response = await fetch(`${node.url}/inbox`, {
        headers: authorization === '' ? {} : { authorization },
      });
      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toBe('Bearer');
      expect(await response.json()).toMatchObject({ code: 'unauthorized' });
    },
  );

  it('every route that is somebody’s own is behind the guard', async () => {
    const routes: [string, string][] = [
      ['POST', '/messages'],
      ['GET', '/inbox'],
      ['GET', '/inbox/chat'],
      ['POST', '/inbox/chat/read'],
      ['POST', '/inbox/chat/ack'],
      ['GET', '/presence/bob'],
      ['POST', '/presence/query'],
    ];
    for (const [method, path] of routes) {
      const { status } = await rest(node, method, path, method === 'POST' ? { body: {} } : {});
      expect({ path, status }).toEqual({ path, status: 401 });
    }
  });

  it('an outside issuer’s tokens are taken, those of another issuer or audience are not', async () => {
    const right = { iss: 'https://issuer.example.com', aud: 'beeline' };
    const asks = async (claims: object) =>
      (await rest(issued, 'GET', '/inbox', { token: signed(claims) })).status;
    expect(await asks(right)).toBe(200);
    for (const wrong of [
      { iss: 'https://evil.example.com' },
      { iss: undefined },
      { aud: 'other' },
      { aud: undefined },
    ]) {
      expect(await asks({ ...right, ...wrong })).toBe(401);
      expect(await refusedHandshake({ token: signed({ ...right, ...wrong }) }, issued)).toEqual(UNAUTHORIZED);
    }
  });

  it.each(BAD_IDS.filter(([, value]) => value !== null))(
    'a device id is refused: %s',
    async (_name, deviceId) => {
      expect(await refusedHandshake({ token: tokenFor(EVE), deviceId })).toEqual({
        code: 'bad_request',
        message: aString(),
        retryable: false,
        details: [{ field: 'deviceId', problem: aString() }],
      });
    },
  );

  it('the token is looked at before anything else that is sent with it', async () => {
    const auth = { token: MARK, deviceId: `${MARK} ${MARK}` };
    expect(await refusedHandshake(auth)).toEqual(UNAUTHORIZED);
  });

  it('a token that is too long is a bad request, at both doors', async () => {
    const token = signed({ ballast: 'x'.repeat(12_300) });
    const details = [{ field: 'token', problem: aString() }];
    expect(await refusedHandshake({ token })).toMatchObject({ code: 'bad_request', details });
    expect(await rest(node, 'GET', '/inbox', { token })).toMatchObject({ status: 400, body: { details } });
    const long = signed({ ballast: 'x'.repeat(12_000) });
    expect((await rest(node, 'GET', '/inbox', { token: long })).status).toBe(200);
  });

  it('a namespace that is not there ends the transport, and costs nothing else', async () => {
    const client = TestClient.start(node, EVE, { namespace: '/admin' });
    expect(await client.ended()).toBe('transport close');
    expect((await rest(node, 'GET', '/healthz')).status).toBe(200);
  });

  it.each([
    ['another host', 'https://evil.example.com', false],
    ['another port', 'http://127.0.0.1:1', false],
    ['no origin at all', 'null', false],
    ['no URL', MARK, false],
    ['our own host', undefined, true],
    ['our own host, over TLS', undefined, true],
    ['a listed one', 'https://app.example.com', true],
    ['a listed one of an app', 'capacitor://localhost', true],
    ['one of another app', 'tauri://localhost', false],
  ])(
    'whether a page may connect is decided by one rule, at the upgrade and over REST: %s',
    async (name, origin, allowed) => {
      const own = name.includes('TLS') ? node.url.replace('http:', 'https:') : node.url;
      expect(await upgrade(node, [`Origin: ${origin ?? own}`])).toBe(allowed ? 101 : 400);
      const response = await fetch(`${node.url}/healthz`, { headers: { origin: origin ?? own } });
      expect(response.status).toBe(allowed ? 200 : 403);
      expect(response.headers.get('access-control-allow-origin')).toBe(allowed ? (origin ?? own) : null);
      expect((await response.text()).includes('CORS_ORIGINS')).toBe(!allowed);
    },
  );

  it.each([
    ['long polling', '/socket.io/?EIO=4&transport=polling', 400],
    ['another transport', `/socket.io/?EIO=4&transport=${MARK}`, 400],
    ['no transport', '/socket.io/?EIO=4', 400],
    ['another session', `/socket.io/?EIO=4&transport=polling&sid=${MARK}`, 400],
  ])('a plain request for %s is refused', async (_name, path, status) => {
    const response = await fetch(`${node.url}${path}`);
    expect(response.status).toBe(status);
    expect(await response.text()).not.toContain(MARK);
  });

  it.each([
    ['without a key', ['Sec-WebSocket-Key:']],
    ['with a key that is none', ['Sec-WebSocket-Key: zqxj']],
    ['of another version', ['Sec-WebSocket-Version: 7']],
  ])('an upgrade %s is refused', async (_name, headers) => {
    expect(await upgrade(node, headers)).toBe(400);
  });

  it('an upgrade on another path gets nowhere, and the node lives', async () => {
    await upgrade(node, [], '/elsewhere');
    expect((await rest(node, 'GET', '/healthz')).status).toBe(200);
  });
});

/** A WebSocket upgrade written by hand; returns the status of the answer, 0 where the connection is just cut. */
function upgrade(
  node: BeelineNode,
  headers: string[],
  path = '/socket.io/?EIO=4&transport=websocket',
): Promise<number> {
  const { hostname, port } = new URL(node.url);
  const own = ['Host', 'Connection', 'Upgrade', 'Sec-WebSocket-Version', 'Sec-WebSocket-Key'];
  const values = [`${hostname}:${port}`, 'Upgrade', 'websocket', '13', 'dGhlIHNhbXBsZSBub25jZQ=='];
  const kept = own
    .map((name, i) => `${name}: ${values[i]}`)
    .filter((line) => !headers.some((header) => header.split(':')[0] === line.split(':')[0]));
  return new Promise((resolve, reject) => {
    const socket = connectSocket(Number(port), hostname, () => {
      socket.write([`GET ${path} HTTP/1.1`, ...kept, ...headers, '', ''].join('\r\n'));
    });
    socket.setTimeout(2000, () => socket.destroy());
    socket.once('error', reject);
    socket.once('close', () => resolve(0));
    socket.once('data', (data) => {
      socket.destroy();
      resolve(Number(data.toString('latin1').split(' ')[1]));
    });
  });
}
