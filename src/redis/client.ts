import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { coalesceWrites } from './coalesce-writes';
import { factsOf, type ServerFacts } from './server-facts';

export type RedisClient = Redis | Cluster;

const MAX_RECONNECT_PAUSE_MS = 1000;

/** The most that the client library follows a command about in a Cluster before it gives up. */
const MAX_REDIRECTIONS = 16;
const LONGEST_REDIRECTION_PAUSE_MS = 100;

/** One URL for each host that is named. User, password, database and TLS are those of the first and the same for all. */
export function urlsOf(url: string): string[] {
  const [first, ...others] = url.split(',') as [string, ...string[]];
  return [first, ...others.map((other) => likeFirst(first, other))];
}

/** The number behind the host; 0 where there is none. */
export function databaseOf(url: string): number {
  return Number(/^\w+:\/\/[^/,]*\/(\d+)/.exec(url)?.[1] ?? 0);
}

function likeFirst(first: string, other: string): string {
  const made = new URL(first);
  const { hostname, port } = new URL(other);
  made.hostname = hostname;
  made.port = port;
  return made.href;
}

/** A client of one server, or of a Redis Cluster, which finds its other servers by those that are named. */
export function createClient(
  url: string,
  timeoutMs: number,
  name: string,
  facts: ServerFacts = factsOf(url),
): RedisClient {
  const [first, ...others] = urlsOf(url) as [string, ...string[]];
  const options = { ...singleOptions(timeoutMs, name), enableReadyCheck: facts.mayAskInfo };
  if (!facts.isCluster) return gathering(new Redis(first, { ...options, lazyConnect: true }));
  const { protocol, username, password } = new URL(first);
  // All that it waits for on behalf of one command must fit into that command's time-out: a slot on its way is no silence.
  const pauseMs = Math.min(LONGEST_REDIRECTION_PAUSE_MS, timeoutMs / (2 * MAX_REDIRECTIONS));
  const cluster = new Cluster([first, ...others], {
    lazyConnect: true,
    enableOfflineQueue: false,
    enableReadyCheck: facts.mayAskClusterInfo,
    // Names stay names: a certificate is for a name, and an address may be another's tomorrow.
    dnsLookup: (host, callback) => callback(null, host),
    // Sharded pub/sub needs a subscriber per shard; the others never subscribe.
    shardedSubscribers: true,
    clusterRetryStrategy: pauseBeforeReconnect,
    slotsRefreshTimeout: timeoutMs,
    maxRedirections: MAX_REDIRECTIONS,
    retryDelayOnTryAgain: pauseMs,
    retryDelayOnClusterDown: pauseMs,
    retryDelayOnFailover: pauseMs,
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

export function singleOptions(timeoutMs: number, name: string): RedisOptions {
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
