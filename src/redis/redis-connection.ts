import { Cluster, type Redis } from 'ioredis';
import type { Config } from '../config';
import { type Logger, OnceAMinute } from '../logging';
import type { Metrics } from '../metrics';
import { monotonicMs, unavailable, Watchdog } from '../shared';
import { connectionsOf, createClient, onEachServer, type RedisClient } from './client';
import { Gate } from './gate';
import { type Reply, Script } from './script';
import type { ServerFacts } from './server-facts';
import { toStoreError } from './store-error';
import { TimeoutError, withTimeLimit } from './time-limit';

const PROBE_PAUSE_MS = 100;
/** What Redis does in about a second: who comes behind that would wait in vain. */
const MAX_UNDER_WAY = 20_000;

/**
 * A connection to Redis that says `unavailable` instead of waiting: nothing queues in memory while Redis is away,
 * nothing that was in flight when a connection broke is sent again by the client library (the caller decides),
 * every command has a time-out, and after one time-out all others fail at once until a probe has passed. What has
 * fallen silent is destroyed, and the client library connects again.
 */
export class RedisConnection {
  readonly client: RedisClient;
  private readonly gate: Gate;
  private readonly timeoutMs: number;
  private readonly watchdogs = new WeakMap<Redis, Watchdog>();
  private readonly breaks = new OnceAMinute();
  private watching: NodeJS.Timeout | undefined;
  private underWay = 0;

  constructor(
    config: Config,
    private readonly logger: Logger,
    private readonly metrics: Metrics,
    facts?: ServerFacts,
  ) {
    const name = this.constructor.name;
    // This module is loaded only where there is one.
    this.client = createClient(config.redisUrl ?? '', config.redisCommandTimeoutMs, name, facts);
    this.client.on('error', (err: unknown) => {
      const count = this.breaks.due('error');
      if (count !== undefined) logger.warn({ err, connection: name, count }, 'redis connection');
    });
    this.timeoutMs = config.redisCommandTimeoutMs;
    this.gate = new Gate(() => withTimeLimit(this.client.ping(), this.timeoutMs), PROBE_PAUSE_MS);
  }

  /** Resolves once it is there. Fails with what came of it, while the client library goes on trying: it may be asked again. */
  async connect(): Promise<void> {
    this.watching ??= setInterval(() => this.watch(), this.timeoutMs / 2).unref();
    const { status } = this.client;
    if (status === 'ready') return;
    const ready = withTimeLimit(readyOrFailed(this.client), this.timeoutMs);
    // Its failures are told by the event `error`, with their cause.
    if (status === 'wait' || status === 'end') this.client.connect().catch(() => undefined);
    await ready;
  }

  disconnect(): void {
    this.gate.stop();
    clearInterval(this.watching);
    this.client.disconnect();
  }

  private watch(): void {
    for (const connection of connectionsOf(this.client)) {
      const watchdog = this.watchdogs.get(connection) ?? watchdogOf(connection);
      this.watchdogs.set(connection, watchdog);
      if (watchdog.tick()) {
        const { host, port } = connection.options;
        const fields = { connection: this.constructor.name, host, port };
        this.logger.warn(fields, 'a connection to Redis has fallen silent: made anew');
      }
    }
  }

  /** Runs a script. `unavailable` where Redis does not answer or can't write: it may have run all the same. */
  run(script: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<Reply> {
    return this.call((client) => script.run(client, keys, args));
  }

  /** Runs a command; fails as `run` does. */
  async call<T>(command: (client: RedisClient) => Promise<T>): Promise<T> {
    if (!this.gate.isOpen) throw unavailable('Redis does not answer');
    if (this.underWay >= MAX_UNDER_WAY) throw unavailable('too many commands wait for Redis');
    const askedAt = monotonicMs();
    this.underWay += 1;
    try {
      return await withTimeLimit(command(this.client), this.timeoutMs);
    } catch (error) {
      if (error instanceof TimeoutError) this.gate.close();
      throw toStoreError(error);
    } finally {
      this.underWay -= 1;
      this.metrics.redisRoundtrip.observe((monotonicMs() - askedAt) / 1000);
    }
  }

  /**
   * Runs a command on every server that takes writes, of a Cluster on each master, and returns what those say that
   * answer in time. One that is silent holds up nobody else; `unavailable` where all are.
   */
  async callEach<T>(command: (server: Redis) => Promise<T>): Promise<T[]> {
    const servers = this.client instanceof Cluster ? this.client.nodes('master') : [this.client];
    const outcomes = await Promise.allSettled(
      servers.map((server) => withTimeLimit(command(server), this.timeoutMs)),
    );
    const answers = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    if (answers.length > 0) return answers;
    const causes: unknown[] = outcomes.flatMap((outcome) =>
      outcome.status === 'rejected' ? [outcome.reason as unknown] : [],
    );
    throw unavailable(new AggregateError(causes, 'no server answers'));
  }
}

function readyOrFailed(client: RedisClient): Promise<void> {
  return new Promise((resolve, reject) => {
    const onReady = (): void => {
      client.off('error', onError);
      resolve();
    };
    const onError = (error: Error): void => {
      client.off('ready', onReady);
      reject(error);
    };
    client.once('ready', onReady);
    client.once('error', onError);
  });
}

function watchdogOf(connection: Redis): Watchdog {
  return new Watchdog({
    socket: () => {
      const { stream } = connection as { stream?: Redis['stream'] };
      return stream === undefined || stream.destroyed ? undefined : stream;
    },
    // Before it is ready, the library's own questions are under way.
    probe: () => {
      if (connection.status === 'ready') connection.ping().catch(() => undefined);
    },
  });
}

/** For commands and scripts: each server knows the scripts before it is asked for anything. */
export class CommandRedis extends RedisConnection {
  constructor(config: Config, logger: Logger, metrics: Metrics, facts?: ServerFacts) {
    super(config, logger, metrics, facts);
    onEachServer(this.client, (server) => server.on('ready', () => void Script.loadAll(server)));
  }
}
/** For the lease alone: renewing it never waits behind other commands. */
export class LeaseRedis extends RedisConnection {}
/** Listens to what is for every node; Socket.IO's adapter has it for itself. */
export class BroadcastRedis extends RedisConnection {}
/** For waiting until replicas have what was written: a WAIT holds up what comes behind it on its connection. */
export class ReplicaRedis extends RedisConnection {}
/** Only listens. */
export class SubscriberRedis extends RedisConnection {}
