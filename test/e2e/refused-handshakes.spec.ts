import { generateKeyPairSync } from 'node:crypto';
import { sign } from 'jsonwebtoken';
import {
  type BeelineNode,
  closeNodes,
  startNode,
  TestClient,
  uniquePrefix,
  uniqueUser,
  waitUntil,
} from '../support';
import { RedisProcess } from '../faults/lib/redis-process';
import { KeyServer } from '../support/key-server';

interface Refusal {
  code: string;
  retryable: boolean;
  retryAfterMs: number;
}

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

/** The node is ready, and what it needs for this one handshake is not there: here, its issuer's keys. */
describe('a handshake that is refused although the node is ready', () => {
  let issuer: KeyServer;
  let node: BeelineNode;

  beforeEach(async () => {
    issuer = await KeyServer.start();
    issuer.publish('key', publicKey);
    issuer.fault = (response) => response.destroy();
    node = await startNode({
      REDIS_KEY_PREFIX: uniquePrefix(),
      AUTH_SECRET: '',
      JWT_JWKS_URL: issuer.url,
    });
  });
  afterEach(async () => {
    TestClient.closeAll();
    await closeNodes(node);
    await issuer.stop();
  });

  function tokenOf(user: string): string {
    const claims = { sub: user, exp: Math.floor(Date.now() / 1000) + 3600 };
    return sign(claims, privateKey, { algorithm: 'ES256', keyid: 'key' });
  }

  async function refusalOf(user: string): Promise<Refusal> {
    const client = TestClient.start(node, user, { token: tokenOf(user) });
    const refusal = (await client.connected().catch((error: unknown) => error)) as Refusal;
    client.close();
    return refusal;
  }

  it('says when to come back, and to each another time', async () => {
    const refusals = await Promise.all(
      Array.from({ length: 8 }, (_, i) => refusalOf(uniqueUser(`user${i}`))),
    );
    for (const { code, retryable, retryAfterMs } of refusals) {
      expect({ code, retryable }).toEqual({ code: 'unavailable', retryable: true });
      expect(retryAfterMs).toBeGreaterThanOrEqual(1000);
      expect(retryAfterMs).toBeLessThanOrEqual(10_000);
    }
    expect(new Set(refusals.map(({ retryAfterMs }) => retryAfterMs)).size).toBeGreaterThan(1);
  }, 30_000);

  it('is let in once what was missing is there, by a stock client that comes when it is told', async () => {
    const user = uniqueUser('user');
    const client = TestClient.start(node, user, { token: tokenOf(user), reconnection: true });
    let tries = 0;
    client.socket.on('connect_error', (error) => {
      tries += 1;
      const { retryAfterMs } = (error as unknown as { data: Refusal }).data;
      setTimeout(() => client.socket.connect(), retryAfterMs);
    });
    await waitUntil('it has been refused', () => tries === 1);
    issuer.fault = undefined;
    await waitUntil('it is connected', () => client.socket.connected, 15_000);
    expect(tries).toBeLessThanOrEqual(3);
  }, 30_000);
});

describe('a handshake that meets a store that has just fallen silent', () => {
  it('costs a stock client neither its way back nor a try each second', async () => {
    const redis = await RedisProcess.start();
    const node = await startNode({ REDIS_URL: redis.url, REDIS_KEY_PREFIX: uniquePrefix() });
    redis.freeze();
    const client = TestClient.start(node, uniqueUser('user'), { reconnection: true });
    let tries = 1;
    client.socket.io.on('reconnect_attempt', () => (tries += 1));
    await new Promise((resolve) => setTimeout(resolve, 14_000));
    // One on its way as the store falls silent, then those of its own back-off: 1, 2, 4 and 5 s, less a half by chance.
    expect(tries).toBeLessThanOrEqual(8);
    redis.thaw();
    await waitUntil('it is connected', () => client.socket.connected, 15_000);
    client.close();
    await closeNodes(node);
    await redis.close();
  }, 60_000);
});
