import { type RedisServer, startRedis } from './redis-server';

declare global {
  var sharedRedis: RedisServer | undefined;
}

/** One redis-server for all suites; each suite keeps to a key prefix of its own. Those that break Redis start theirs. */
export default async function setUp(): Promise<void> {
  globalThis.sharedRedis = await startRedis();
  process.env['TEST_REDIS_URL'] = globalThis.sharedRedis.url;
}
