import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type BeelineNode,
  closeNodes,
  rest,
  startNode,
  TestClient,
  tokenFor,
  uniquePrefix,
  uniqueUser,
  waitUntil,
} from '../support';

const NAMES = ['हिन्दी', 'தமிழ்', 'ไทยดี', 'বাংলা', 'မြန်မာ', 'שָׁלוֹם', "O'Brien=~|x"];
const BLANKS = ['\u3164', 'alice\uffa0', '\u115f', 'a\u034f', 'a\ufe0f'];

describe.each([
  ['Redis', {}],
  ['the embedded store', { REDIS_URL: '' }],
])('on %s', (_name, environment) => {
  let node: BeelineNode;
  let dataDir: string;
  beforeAll(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'beeline-names-'));
    node = await startNode({ REDIS_KEY_PREFIX: uniquePrefix(), DATA_DIR: dataDir, ...environment });
  });
  afterEach(TestClient.closeAll);
  afterAll(async () => {
    await closeNodes(node);
    await rm(dataDir, { recursive: true });
  });

  it.each(NAMES)('%s writes, is written to, reads, acks, and is seen', async (word) => {
    const [name, other] = [word.normalize('NFC'), `${word}-2`.normalize('NFC')];
    const sender = await TestClient.connect(node, name, { deviceId: word });
    const receiver = await TestClient.connect(node, other, { deviceId: word });
    expect(sender.session.userId).toBe(name);
    const { offset } = await sender.send(other, word, name, { receipt: true });
    await receiver.receives(1);
    expect(receiver.messages[0]).toMatchObject({ from: name, to: other, body: word, clientId: name });
    await receiver.request('inbox:read', { channel: 'chat', offset });
    await waitUntil('the receipt has come', () => sender.payloadsOf('receipt').length > 0);
    expect(sender.payloadsOf('receipt').at(-1)).toMatchObject({ peer: other, state: 'read' });
    const { body } = await rest(node, 'GET', `/presence/${encodeURIComponent(other)}`, {
      token: tokenFor(name),
    });
    expect(body['presence']).toMatchObject({ [other]: { online: true, devices: 1 } });
  });

  it.each(BLANKS)('a name that shows nothing where it should is refused: %j', async (name) => {
    const credentials = { username: name, password: 'long enough' };
    const answer = await rest(node, 'POST', '/auth/register', { body: credentials });
    expect(answer).toMatchObject({ status: 400, body: { details: [{ field: 'username' }] } });
    const sent = { to: name, body: 1, clientId: 'c' };
    expect(await rest(node, 'POST', '/messages', { token: tokenFor('eve'), body: sent })).toMatchObject({
      status: 400,
      body: { details: [{ field: 'to' }] },
    });
    expect((await rest(node, 'GET', '/inbox', { token: tokenFor(name) })).status).toBe(401);
  });

  it('a name of thousands of marks holds up nobody: its length is looked at first', async () => {
    const username = `a${'\u0301'.repeat(600)}${'\u0334'.repeat(600)}`;
    const body = { username, password: 'long enough' };
    expect((await rest(node, 'POST', '/auth/register', { body })).status).toBe(400);
  });

  it('half of a surrogate pair becomes U+FFFD at the door, and all other text is given back as it came', async () => {
    const [alice, bob] = [uniqueUser('alice'), uniqueUser('bob')];
    const receiver = await TestClient.connect(node, bob);
    const sender = await TestClient.connect(node, alice);
    const sent = [
      'a\ud800',
      { '\udfff': ['\ud83d'] },
      '\u0000 \\ud800 🐝 \u2028 \ufeff',
      [0.1, 1e308, 2 ** 53],
    ];
    const read = ['a\ufffd', { '\ufffd': ['\ufffd'] }, ...sent.slice(2)];
    for (const body of sent) await sender.send(bob, body, `c-${sent.indexOf(body)}`);
    const token = tokenFor(alice);
    for (const body of sent)
      expect((await rest(node, 'POST', '/messages', { token, body: { to: bob, body } })).status).toBe(201);
    await receiver.receives(2 * sent.length);
    expect(receiver.bodies()).toEqual([...read, ...read]);
    const page = await rest(node, 'GET', '/inbox/chat?after=0-0', { token: tokenFor(bob) });
    expect((page.body['messages'] as { body: unknown }[]).map(({ body }) => body)).toEqual([
      ...read,
      ...read,
    ]);
  });

  it('what is announced holds no half of a pair either', async () => {
    const client = await TestClient.connect(node, uniqueUser('alice'));
    const token = tokenFor('root', { scope: 'admin' });
    await rest(node, 'POST', '/admin/announcements', { token, body: { body: 'a\ud800' } });
    await waitUntil('it has come', () => client.payloadsOf('announcement').length > 0);
    expect(client.payloadsOf('announcement')).toMatchObject([{ body: 'a\ufffd' }]);
  });
});
