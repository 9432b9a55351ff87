import { io } from 'socket.io-client';
import {
  type BeelineNode,
  closeNodes,
  RawClient,
  rest,
  startNode,
  tokenFor,
  uniquePrefix,
  uniqueUser,
  waitUntil,
} from '../support';

const EVE = uniqueUser('eve');
const TOKEN = tokenFor(EVE, { scope: 'admin send:any' });
const NAMES = [
  'token',
  'access_token',
  'accessToken',
  'authorization',
  'Authorization',
  'jwt',
  'auth[token]',
];

/** A token counts in two places, the `Authorization` header of REST and `auth.token` of a handshake: addresses are logged. */
describe('a token in another place', () => {
  let node: BeelineNode;

  beforeAll(async () => {
    node = await startNode({ REDIS_KEY_PREFIX: uniquePrefix() });
  });
  afterAll(() => closeNodes(node));

  it.each(NAMES)('is nothing to REST: ?%s=', async (name) => {
    for (const path of ['/inbox', '/inbox/chat', `/presence/${EVE}`]) {
      expect((await rest(node, 'GET', `${path}?${name}=${TOKEN}`)).status).toBe(401);
      expect((await rest(node, 'GET', `${path}?${name}=Bearer%20${TOKEN}`)).status).toBe(401);
    }
    const send = { body: { to: EVE, body: 1 } };
    expect((await rest(node, 'POST', `/messages?${name}=${TOKEN}`, send)).status).toBe(401);
  });

  it.each(['token', 'access_token', 'authorization'])(
    'is nothing to REST: a field %s of the body',
    async (name) => {
      const answer = await rest(node, 'POST', '/messages', { body: { to: EVE, body: 1, [name]: TOKEN } });
      expect(answer.status).toBe(401);
    },
  );

  it.each([
    ['cookie', `token=${TOKEN}; access_token=${TOKEN}`],
    ['x-access-token', TOKEN],
    ['proxy-authorization', `Bearer ${TOKEN}`],
  ])('is nothing to REST: the header %s', async (header, value) => {
    expect((await rest(node, 'GET', '/inbox', { headers: { [header]: value } })).status).toBe(401);
  });

  it.each(NAMES)('is nothing to a handshake: ?%s=', async (name) => {
    for (const auth of ['', '{}', '{"token":null}']) {
      const client = await RawClient.open(node, `&${name}=${TOKEN}`);
      client.send(`40${auth}`);
      await waitUntil('it is refused', () => client.frames.some((frame) => frame.startsWith('44')));
      expect(client.frames.at(-1)).toContain('"code":"unauthorized"');
      expect(client.frames.join()).not.toContain('"session"');
      client.terminate();
    }
  });

  it('is nothing to a handshake: what clients call `query` and `extraHeaders`', async () => {
    const socket = io(node.url, {
      transports: ['websocket'],
      reconnection: false,
      forceNew: true,
      query: { token: TOKEN },
      extraHeaders: { authorization: `Bearer ${TOKEN}`, cookie: `token=${TOKEN}` },
    });
    const refusal = await new Promise((resolve) => {
      socket.once('connect', () => resolve('let in'));
      socket.once('connect_error', (error) => resolve((error as { data?: unknown }).data));
    });
    socket.disconnect();
    expect(refusal).toMatchObject({ code: 'unauthorized' });
  });
});
