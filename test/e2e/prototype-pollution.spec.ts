import {
  type BeelineNode,
  closeNodes,
  RawClient,
  rest,
  startNode,
  TestClient,
  tokenFor,
  uniquePrefix,
  uniqueUser,
  waitUntil,
} from '../support';

const BOB = uniqueUser('bob');
const ALICE = uniqueUser('alice');
const TOKEN = tokenFor(ALICE);

/** As text: a literal in code would set the prototype, where JSON.parse makes a property of that name. */
const POISONS = [
  '{"__proto__":{"polluted":true}}',
  '{"constructor":{"prototype":{"polluted":true}}}',
  '{"a":{"__proto__":{"polluted":true,"toString":1}},"b":[{"__proto__":null}]}',
  '{"__proto__":[],"prototype":{"polluted":true},"hasOwnProperty":1,"toJSON":1}',
];
const NAMES = ['constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf', '__defineGetter__'];

describe('keys that mean something to JavaScript', () => {
  let node: BeelineNode;
  let bob: TestClient;
  const builtIn = Object.getOwnPropertyNames(Object.prototype).sort();

  beforeAll(async () => {
    node = await startNode({ REDIS_KEY_PREFIX: uniquePrefix() });
    bob = await TestClient.connect(node, BOB);
  });
  afterEach(expectUnpolluted);
  afterAll(async () => {
    TestClient.closeAll();
    await closeNodes(node);
  });

  /** The node runs in this process, so that what it did to prototypes would be seen here. */
  function expectUnpolluted(): void {
    expect(Object.getOwnPropertyNames(Object.prototype).sort()).toEqual(builtIn);
    for (const prototype of [Object.prototype, Array.prototype, Function.prototype, String.prototype]) {
      expect('polluted' in prototype).toBe(false);
    }
  }

  it.each(POISONS)('are only data in a message body, and arrive as they were sent: %s', async (poison) => {
    const before = bob.messages.length;
    const text = `{"to":"${BOB}","body":${poison}}`;
    expect((await rest(node, 'POST', '/messages', { token: TOKEN, text })).status).toBe(201);
    const alice = await RawClient.connect(node, ALICE);
    alice.send(`421["message:send",{"to":"${BOB}","clientId":"${uniqueUser('c')}","body":${poison}}]`);
    await bob.receives(before + 2);
    for (const { body } of bob.messages.slice(before)) expect(JSON.stringify(body)).toBe(poison);
    alice.terminate();

    const page = await rest(node, 'GET', '/inbox/chat?after=0-0', { token: tokenFor(BOB) });
    expect(JSON.stringify(page.body)).toContain(poison);
  });

  it.each(POISONS)('are no fields of a request: %s', async (poison) => {
    for (const path of ['/messages', '/presence/query', '/inbox/chat/read', '/auth/login']) {
      expect((await rest(node, 'POST', path, { token: TOKEN, text: poison })).status).toBe(400);
    }
    const eve = await RawClient.connect(node, uniqueUser('eve'));
    for (const [i, event] of [
      'message:send',
      'inbox:ack',
      'inbox:pull',
      'presence:get',
      '__proto__',
    ].entries()) {
      eve.send(`42${i}["${event}",${poison}]`);
      const answer = () => eve.frames.find((frame) => frame.startsWith(`43${i}[`));
      await waitUntil('it is answered', () => answer() !== undefined);
      expect(answer()).toContain('"code":"bad_request"');
    }
    eve.terminate();
  });

  it.each([
    `{"__proto__":{"token":"${TOKEN}"}}`,
    `{"constructor":{"prototype":{"token":"${TOKEN}"}}}`,
    `{"token":{"__proto__":{"toString":"${TOKEN}"}}}`,
  ])('are no token in a handshake', async (auth) => {
    const client = await RawClient.open(node);
    client.send(`40${auth}`);
    await waitUntil('it is refused', () => client.frames.some((frame) => frame.startsWith('44')));
    expect(client.frames.at(-1)).toContain('"code":"unauthorized"');
    client.terminate();
  });

  it('are ignored in `since` and beside a handshake’s own fields', async () => {
    const client = await RawClient.open(node);
    client.send(
      `40{"token":"${TOKEN}","__proto__":{"polluted":true},"since":{"__proto__":{"chat":"9-9"},"constructor":"1-0"}}`,
    );
    await waitUntil('the session has come', () =>
      client.frames.some((frame) => frame.startsWith('42["session"')),
    );
    expect(client.frames.join()).not.toContain('polluted');
    client.terminate();
  });

  it.each(NAMES)('are names like any other for a user and a device: %s', async (name) => {
    const client = await TestClient.connect(node, name, { deviceId: name });
    await client.send(name, { text: name }, name);
    expect((await client.receives(1))[0]).toMatchObject({ to: name, from: name, clientId: name });
    const answer = await client.request('presence:get', { users: [name, `${name}-absent`] });
    expect(answer).toMatchObject({ ok: true, presence: { [name]: { online: true } } });
    expect(Object.keys((answer as unknown as { presence: object }).presence).sort()).toEqual(
      [name, `${name}-absent`].sort(),
    );
    client.close();
  });

  it.each(['__proto__', ...NAMES])('are no channel: %s', async (name) => {
    const answer = await rest(node, 'GET', `/inbox/${name}`, { token: TOKEN });
    expect([answer.status, answer.body['code']]).toEqual([404, 'not_found']);
  });

  it.each([
    '?__proto__[polluted]=1',
    '?__proto__.polluted=1',
    '?constructor[prototype][polluted]=1',
    '?a[__proto__][polluted]=1&a[constructor][prototype][polluted]=1',
    '?limit[__proto__]=1',
    '?__proto__[limit]=1',
  ])('are nothing in a query string: %s', async (query) => {
    expect([200, 400]).toContain((await rest(node, 'GET', `/inbox/chat${query}`, { token: TOKEN })).status);
    const handshake = await RawClient.open(node, `&${query.slice(1)}`);
    await handshake.join({ token: TOKEN });
    handshake.terminate();
  });
});
