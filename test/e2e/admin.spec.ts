import { tmpdir } from 'node:os';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { Announcer } from '../../src/gateway/announcer';
import { NodeService } from '../../src/node';
import {
  type BeelineNode,
  closeNodes,
  cutOff,
  rest,
  type RestAnswer,
  startNode,
  startRedis,
  startTrio,
  TestClient,
  tokenFor,
  uniqueUser,
  waitUntil,
} from '../support';

const admin = (): string => tokenFor('root', { scope: 'admin' });
const announce = (node: BeelineNode, body: unknown): Promise<RestAnswer> =>
  rest(node, 'POST', '/admin/announcements', { token: admin(), body: { body } });
const listed = async (node: BeelineNode): Promise<Record<string, unknown>[]> =>
  (await rest(node, 'GET', '/admin/nodes', { token: admin() })).body['nodes'] as Record<string, unknown>[];

let nodes: BeelineNode[];
afterEach(async () => {
  TestClient.closeAll();
  await closeNodes(...nodes);
});

describe('what is for administrators, on three nodes', () => {
  beforeEach(async () => {
    nodes = await startTrio();
  });

  it('is forbidden without the scope, unauthorized without a token', async () => {
    const routes = ['GET /admin/nodes', 'POST /admin/announcements', 'DELETE /admin/users/bob/sessions'];
    for (const [method = '', path = ''] of routes.map((route) => route.split(' '))) {
      const body = method === 'POST' ? { body: 1 } : undefined;
      const token = tokenFor('bob', { scope: 'send:any' });
      expect(await rest(nodes[0]!, method, path, { token, body })).toMatchObject({
        status: 403,
        body: { code: 'forbidden' },
      });
      expect((await rest(nodes[0]!, method, path, { body })).status).toBe(401);
    }
  });

  it('ends all sessions of a user: tokens from before are refused on every node, one from after is not', async () => {
    const user = uniqueUser('bob');
    const old = tokenFor(user);
    const path = `/admin/users/${user}/sessions`;
    expect((await rest(nodes[0]!, 'DELETE', path, { token: admin() })).status).toBe(204);
    const fresh = tokenFor(user);
    for (const node of nodes) {
      expect((await rest(node, 'GET', '/inbox', { token: old })).status).toBe(401);
      expect((await rest(node, 'GET', '/inbox', { token: fresh })).status).toBe(200);
    }
    expect((await rest(nodes[0]!, 'DELETE', '/admin/users/a%20b/sessions', { token: admin() })).status).toBe(
      400,
    );
  });

  it('lists the nodes, with a drain from its beginning and without the dead', async () => {
    await TestClient.connect(nodes[1]!, uniqueUser('bob'));
    await waitUntil('the connection is counted', async () =>
      (await listed(nodes[0]!)).some(({ name, connections }) => name === 'node-1' && connections === 1),
    );
    expect((await listed(nodes[0]!)).map(({ draining }) => draining)).toEqual([false, false, false]);
    nodes[1]!.app.get<NodeService>(NodeService).beginDrain();
    await waitUntil('the drain is listed', async () =>
      (await listed(nodes[0]!)).some(({ name, draining }) => name === 'node-1' && draining === true),
    );
    cutOff(nodes[2]!);
    await waitUntil('the dead one is gone', async () => (await listed(nodes[0]!)).length === 2);
  });

  it('announces to the clients of all nodes', async () => {
    const clients = await Promise.all(nodes.map((node) => TestClient.connect(node, uniqueUser('bob'))));
    const answer = await announce(nodes[0]!, { text: 'hi all' });
    expect(answer.status).toBe(202);
    for (const client of clients) {
      await waitUntil('it is told', () => client.payloadsOf('announcement').length > 0);
      expect(client.payloadsOf('announcement')).toEqual([{ ...answer.body, body: { text: 'hi all' } }]);
    }
    expect(await announce(nodes[0]!, 'x'.repeat(16_384))).toMatchObject({
      status: 413,
      body: { code: 'too_large' },
    });
    expect(await announce(nodes[0]!, undefined)).toMatchObject({
      status: 400,
      body: { code: 'bad_request' },
    });
  });
});

describe('while the store is away', () => {
  it('answers unavailable, and tells nobody', async () => {
    const server = await startRedis();
    nodes = [await startNode({ REDIS_URL: server.url, REDIS_KEY_PREFIX: 'away:' })];
    const client = await TestClient.connect(nodes[0]!, uniqueUser('bob'));
    await server.stop();
    const announcer = nodes[0]!.app.get<Announcer>(Announcer, { strict: false });
    await expect(announcer.announce(1)).rejects.toMatchObject({ code: 'unavailable' });
    expect(client.payloadsOf('announcement')).toEqual([]);
    expect(await announce(nodes[0]!, 1)).toMatchObject({ status: 503, body: { code: 'unavailable' } });
  });
});

describe('on the embedded store', () => {
  it('announces to its clients', async () => {
    nodes = [await startNode({ REDIS_URL: '', DATA_DIR: mkdtempSync(join(tmpdir(), 'beeline-admin-')) })];
    const client = await TestClient.connect(nodes[0]!, uniqueUser('bob'));
    expect((await announce(nodes[0]!, 1)).status).toBe(202);
    await waitUntil('it is told', () => client.payloadsOf('announcement').length === 1);
    expect(await listed(nodes[0]!)).toMatchObject([
      { connections: expect.any(Number) as number, draining: false },
    ]);
  });
});
