import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { coalesceWrites } from './coalesce-writes';

export type RedisClient = Redis | Cluster;

const MAX_RECONNECT_PAUSE_MS = 1000;

/**
 * A client of one server, or, where the URL names several hosts (comma-separated), of a Redis Cluster. User,
 * password and TLS are those of the first and the same for all.
 */
export function createClient(url: string, timeoutMs: number, name: string): RedisClient {
  const [first, ...others] = url.split(',') as [string, ...string[]];
  const options = optionsFor(timeoutMs, name);
  if (others.length === 0) return gathering(new Redis(first, { ...options, lazyConnect: true }));
  const { protocol, username, password } = new URL(first);
  const cluster = new Cluster([first, ...others], {
    lazyConnect: true,
    enableOfflineQueue: false,
    // Sharded pub/sub needs a subscriber per shard; the others never subscribe.
    shardedSubscribers: true,
    clusterRetryStrategy: pauseBeforeReconnect,
    slotsRefreshTimeout: timeoutMs,
    redisOptions: {
      ...options,
      ...(username === '' ? {} : { username: decodeURIComponent(username) }),
      ...(password === '' ? {} : { password: decodeURIComponent(password) }),
      ...(protocol === 'rediss:' ? { tls: {} } : {}),
    },
  });
  cluster.on('+node', gathering);
  return cluster;
}

/** On every connection that this client makes, the first and those after a break. */
function gathering(redis: Redis): Redis {
  return redis.on('connect', () => coalesceWrites(redis.stream));
}

/** Calls back with the connection to each server, those of a Cluster as they become known. */
export function onEachServer(client: RedisClient, callback: (server: Redis) => void): void {
  if (client instanceof Cluster) client.on('+node', callback);
  else callback(client);
}

/**
 * Every connection that a client holds now. The subscribers of a Cluster are known to nobody but the library: it names
 * them so since 5.9, and a test on a Cluster breaks where it no longer does.
 */
export function connectionsOf(client: RedisClient): Redis[] {
  if (!(client instanceof Cluster)) return [client];
  const { shardedSubscribers } = client as unknown as {
    shardedSubscribers?: { shardedSubscribers: ReadonlyMap<string, { instance: Redis | null }> };
  };
  const subscribers = [...(shardedSubscribers?.shardedSubscribers.values() ?? [])];
  return [...client.nodes('all'), ...subscribers.flatMap(({ instance }) => instance ?? [])];
}

function optionsFor(timeoutMs: number, name: string): RedisOptions {
  return {
    connectionName: name,
    connectTimeout: timeoutMs,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    // A replica that was a master until a failover: the next connection finds the new one.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
    retryStrategy: pauseBeforeReconnect,
  };
}

function pauseBeforeReconnect(attempt: number): number {
  return Math.min(50 * attempt, MAX_RECONNECT_PAUSE_MS);
}
