import { NodeService } from '../../src/node';
import { Mailbox } from '../../src/routing';
import { newConnectionId, type UserId } from '../../src/shared';
import { RedisProcess } from '../faults/lib/redis-process';
import {
  type BeelineNode,
  closeNodes,
  loseEnvelopes,
  NO_SWEEPS,
  rest,
  startCluster,
  TestClient,
  tokenFor,
  uniqueUser,
  waitUntil,
} from '../support';

const USERS = 50;
const TIMEOUT_MS = 500;
const PAUSE_MS = 3000;
/** "Soon": nothing here waits for a sweep or for an entry to run out, which is 25 minutes. */
const SOON_MS = 4000;

/** Sweeps are far apart and leases outlive what happens here: what heals is what is tested, and nothing else. */
const PATIENT = {
  ...NO_SWEEPS,
  NODE_LEASE_MS: '120000',
  REDIS_COMMAND_TIMEOUT_MS: `${TIMEOUT_MS}`,
  SESSION_POLICY: 'reject',
};

describe('what a store carries out late, or never, leaves no ghosts', () => {
  let redis: RedisProcess;
  let nodes: BeelineNode[];
  let [a, b] = [] as unknown as [BeelineNode, BeelineNode];

  beforeEach(async () => {
    redis = await RedisProcess.start(RedisProcess.ALWAYS_ON_DISK);
    const REDIS_URL = `redis://127.0.0.1:${redis.port}`;
    nodes = await startCluster(2, { ...PATIENT, REDIS_URL, DRAIN_TIMEOUT_MS: '4000' });
    [a, b] = nodes as [BeelineNode, BeelineNode];
  });
  afterEach(async () => {
    TestClient.closeAll();
    await closeNodes(...nodes);
    await redis.close();
  });

  async function onlineAmong(users: readonly string[]): Promise<string[]> {
    const { body } = await rest(b, 'POST', '/presence/query', { token: tokenFor('asker'), body: { users } });
    const presence = body['presence'] as Record<string, { online: boolean }> | undefined;
    return users.filter((user) => presence?.[user]?.online !== false);
  }

  const someUsers = (): string[] => Array.from({ length: USERS }, (_, i) => uniqueUser(`u${i}`));

  /** Each of them once, and none is told that the user is connected elsewhere. */
  async function connectFromAnotherDevice(users: readonly string[]): Promise<void> {
    await Promise.all(users.map((user) => TestClient.connect(b, user, { deviceId: 'another' })));
  }

  it('Redis silent during handshakes: what is carried out late registers nobody, and nobody is locked out', async () => {
    const users = someUsers();
    await redis.command('CLIENT', 'PAUSE', `${PAUSE_MS}`, 'ALL');
    const clients = users.map((user) => TestClient.start(a, user, { deviceId: 'phone' }));
    // The transport is closed before anybody is let in: stock clients come back by themselves, these do not.
    await waitUntil('all are given up', () =>
      clients.every(({ socket }) => (socket.io.engine?.readyState as string) === 'closed'),
    );
    expect(clients.flatMap((client) => client.payloadsOf('session'))).toEqual([]);
    await waitUntil(
      'Redis answers again',
      async () => (await onlineAmong(users)).length < USERS,
      2 * PAUSE_MS,
    );
    await waitUntil('all read offline', async () => (await onlineAmong(users)).length === 0, SOON_MS);
    await connectFromAnotherDevice(users);
    expect(await onlineAmong(users)).toEqual(users);
  });

  it('Redis silent while users leave: they read offline when it is back, and nobody is locked out', async () => {
    const users = someUsers();
    const clients = await Promise.all(
      users.map((user) => TestClient.connect(a, user, { deviceId: 'phone' })),
    );
    await redis.command('CLIENT', 'PAUSE', `${PAUSE_MS}`, 'ALL');
    for (const client of clients) client.close();
    await waitUntil(
      'all read offline',
      async () => (await onlineAmong(users)).length === 0,
      PAUSE_MS + SOON_MS,
    );
    await connectFromAnotherDevice(users);
    expect(await onlineAmong(users)).toEqual(users);
  });

  it('Redis restarting while users leave: they read offline when it is back, and nobody is locked out', async () => {
    const users = someUsers();
    const clients = await Promise.all(
      users.map((user) => TestClient.connect(a, user, { deviceId: 'phone' })),
    );
    await redis.kill();
    for (const client of clients) client.close();
    await redis.start();
    await waitUntil('all read offline', async () => (await onlineAmong(users)).length === 0, SOON_MS);
    await connectFromAnotherDevice(users);
    expect(await onlineAmong(users)).toEqual(users);
  });

  it('a drain does not wait for a silent Redis longer than its share, and what it could tell it has told', async () => {
    const users = someUsers();
    await Promise.all(users.map((user) => TestClient.connect(a, user, { deviceId: 'phone' })));
    await redis.command('CLIENT', 'PAUSE', '1000', 'ALL');
    const [leaving] = nodes.splice(0, 1);
    await leaving!.close();
    expect(await onlineAmong(users)).toEqual([]);
  });

  /** An entry of a node in presence, of a connection that the node does not hold. */
  async function haunt(node: BeelineNode, userId: string): Promise<void> {
    const outcome = await node.app.get<Mailbox>(Mailbox).register(
      {
        userId: userId as UserId,
        connectionId: newConnectionId(),
        nodeId: node.app.get<NodeService>(NodeService).id,
        deviceId: undefined,
        grant: { scopes: new Set(), loginId: undefined, issuedAt: 1, expiresAt: Number.MAX_SAFE_INTEGER },
        channels: [],
        since: new Map(),
      },
      [],
    );
    expect(outcome).not.toHaveProperty('refused');
    expect(await onlineAmong([userId])).toEqual([userId]);
  }

  it.each([
    ['another node', 0],
    ['the same node', 1],
  ])('reject: a ghost of %s is asked for there, and locks nobody out', async (_where, of) => {
    const user = uniqueUser('ray');
    await haunt(nodes[of]!, user);
    await TestClient.connect(b, user, { deviceId: 'phone' });
    expect(await onlineAmong([user])).toEqual([user]);
  });

  it('reject: a rival that is there is refused at once; where its node does not answer, after a second', async () => {
    const conflict = { code: 'session_conflict', retryable: false };
    const user = uniqueUser('ray');
    await TestClient.connect(a, user, { deviceId: 'one' });
    const askedAt = performance.now();
    await expect(TestClient.connect(b, user, { deviceId: 'two' })).rejects.toMatchObject(conflict);
    expect(performance.now() - askedAt).toBeLessThan(900);
    loseEnvelopes(a);
    await expect(TestClient.connect(b, user, { deviceId: 'two' })).rejects.toMatchObject(conflict);
    expect(performance.now() - askedAt).toBeLessThan(4000);
  });
});
