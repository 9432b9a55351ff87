import { Cluster, type Redis } from 'ioredis';
import { createClient, type RedisClient } from '../../src/redis/client';
import { waitUntil } from '../support';

/** On one server and on a Cluster, whose connections the client library makes itself. */
describe('a client of Redis', () => {
  let client: RedisClient;
  beforeEach(async () => {
    client = createClient(process.env['TEST_REDIS_URL'] ?? '', 1000, 'gathered-writes');
    await client.connect();
  });
  afterEach(() => client.disconnect());

  const server = (): Redis => (client instanceof Cluster ? client.nodes('master')[0]! : client);

  it('gathers the writes of a turn, after a reconnect too', async () => {
    await server().ping();
    const first = server().stream;
    const answered = server().ping();
    expect(first.writableCorked).toBe(1);
    expect(await answered).toBe('PONG');
    expect(first.writableCorked).toBe(0);

    first.destroy();
    // A Cluster connects to a server when it is asked something, and not before.
    await waitUntil('it is connected again', async () => {
      await server()
        .ping()
        .catch(() => undefined);
      return server().stream !== first && server().status === 'ready';
    });
    const again = server().ping();
    expect(server().stream.writableCorked).toBe(1);
    expect(await again).toBe('PONG');
  });
});
