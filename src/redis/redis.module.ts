import {
  Global,
  Inject,
  Module,
  type OnApplicationShutdown,
  type OnModuleInit,
  type Provider,
} from '@nestjs/common';
import { Redis } from 'ioredis';
import { Config } from '../config';
import { Logger } from '../logging';
import { Keys } from './keys';

/** Connection for commands and scripts. */
export class CommandRedis extends Redis {}
/** Connection for the lease alone: renewing it never waits behind other commands. */
export class LeaseRedis extends Redis {}
/** Connection that only listens. */
export class SubscriberRedis extends Redis {}

const CONNECTIONS = [CommandRedis, LeaseRedis, SubscriberRedis];

/**
 * Nothing queues in memory while Redis is away, and nothing that was in flight when a connection broke is sent
 * again by the client library: the caller gets an error and decides.
 */
function connectionProvider(Connection: (typeof CONNECTIONS)[number]): Provider {
  return {
    provide: Connection,
    inject: [Config, Logger],
    useFactory: (config: Config, logger: Logger): Redis => {
      const redis = new Connection(requireUrl(config), {
        lazyConnect: true,
        connectionName: Connection.name,
        commandTimeout: config.redisCommandTimeoutMs,
        connectTimeout: config.redisCommandTimeoutMs,
        enableOfflineQueue: false,
        autoResendUnfulfilledCommands: false,
        maxRetriesPerRequest: 0,
        retryStrategy: (attempt) => Math.min(50 * attempt, 1000),
      });
      redis.on('error', (err) => logger.warn({ err, redis: Connection.name }, 'redis connection'));
      return redis;
    },
  };
}

/** This module is loaded only where there is one. */
function requireUrl({ redisUrl }: Config): string {
  if (redisUrl === undefined) throw new Error('REDIS_URL is not set');
  return redisUrl;
}

@Global()
@Module({
  providers: [
    ...CONNECTIONS.map(connectionProvider),
    { provide: Keys, inject: [Config], useFactory: (config: Config) => new Keys(config.redisKeyPrefix) },
  ],
  exports: [...CONNECTIONS, Keys],
})
export class RedisModule implements OnModuleInit, OnApplicationShutdown {
  private readonly connections: Redis[];

  constructor(
    @Inject(CommandRedis) commands: Redis,
    @Inject(LeaseRedis) lease: Redis,
    @Inject(SubscriberRedis) subscriber: Redis,
  ) {
    this.connections = [commands, lease, subscriber];
  }

  /** A node does not start without its store. */
  async onModuleInit(): Promise<void> {
    await Promise.all(this.connections.map((redis) => redis.connect()));
  }

  /** The last thing of all: whoever leaves in order has left by now. */
  onApplicationShutdown(): void {
    for (const redis of this.connections) redis.disconnect();
  }
}
