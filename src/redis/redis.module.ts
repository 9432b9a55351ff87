import { Global, Module, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Config } from '../config';
import { Logger } from '../logging';
import { Metrics } from '../metrics';
import { StartWait } from '../start';
import { databaseOf } from './client';
import { firstLook } from './first-look';
import { Keys } from './keys';
import { BroadcastRedis, CommandRedis, LeaseRedis, ReplicaRedis, SubscriberRedis } from './redis-connection';
import { ServerFacts } from './server-facts';

const CONNECTIONS = [CommandRedis, LeaseRedis, SubscriberRedis, BroadcastRedis, ReplicaRedis];

@Global()
@Module({
  providers: [
    ...CONNECTIONS.map((Connection) => ({
      provide: Connection,
      inject: [Config, Logger, Metrics, ServerFacts],
      useFactory: (config: Config, logger: Logger, metrics: Metrics, facts: ServerFacts) =>
        new Connection(config, logger, metrics, facts),
    })),
    {
      provide: ServerFacts,
      inject: [Config, StartWait],
      useFactory: ({ redisUrl = '', redisCommandTimeoutMs }: Config, wait: StartWait) =>
        wait.until('looking at Redis', () => firstLook(redisUrl, redisCommandTimeoutMs)),
    },
    {
      provide: Keys,
      inject: [Config],
      useFactory: ({ redisKeyPrefix, redisUrl }: Config) =>
        new Keys(redisKeyPrefix, databaseOf(redisUrl ?? '')),
    },
  ],
  exports: [...CONNECTIONS, Keys],
})
export class RedisModule implements OnModuleInit, OnApplicationShutdown {
  private readonly connections: readonly InstanceType<(typeof CONNECTIONS)[number]>[];

  constructor(
    commands: CommandRedis,
    lease: LeaseRedis,
    subscriber: SubscriberRedis,
    broadcast: BroadcastRedis,
    replica: ReplicaRedis,
    config: Config,
    private readonly wait: StartWait,
  ) {
    const waits = config.redisWaitReplicas > 0 ? [replica] : [];
    this.connections = [commands, lease, subscriber, broadcast, ...waits];
  }

  /** A node does not start without its store. */
  async onModuleInit(): Promise<void> {
    try {
      await Promise.all(
        this.connections.map((connection) =>
          this.wait.until('connecting to Redis', () => connection.connect()),
        ),
      );
    } catch (error) {
      this.onApplicationShutdown();
      throw error;
    }
  }

  /** The last thing of all: whoever leaves in order has left by now. */
  onApplicationShutdown(): void {
    for (const connection of this.connections) connection.disconnect();
  }
}
