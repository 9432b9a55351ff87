import { type RedisCluster, startRedisCluster } from './redis-cluster';
import { type RedisServer, startRedis } from './redis-server';

declare global {
  var sharedRedis: RedisServer | undefined;
  var sharedCluster: RedisCluster | undefined;
}

/**
 * One redis-server and one Redis Cluster for all suites; each suite keeps to a key prefix of its own, and those that
 * break Redis start theirs. Every project has this set-up; the first one to come here does it.
 */
export default async function setUp(): Promise<void> {
  if (globalThis.sharedRedis !== undefined) return;
  globalThis.sharedRedis = await startRedis();
  globalThis.sharedCluster = await startRedisCluster();
  process.env['TEST_SINGLE_URL'] = globalThis.sharedRedis.url;
  process.env['TEST_CLUSTER_URL'] = globalThis.sharedCluster.url;
}
