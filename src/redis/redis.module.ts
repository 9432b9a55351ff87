import { Global, Module, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Config } from '../config';
import { Logger } from '../logging';
import { Metrics } from '../metrics';
import { Keys } from './keys';
import { BroadcastRedis, CommandRedis, LeaseRedis, ReplicaRedis, SubscriberRedis } from './redis-connection';

const CONNECTIONS = [CommandRedis, LeaseRedis, SubscriberRedis, BroadcastRedis, ReplicaRedis];

@Global()
@Module({
  providers: [
    ...CONNECTIONS.map((Connection) => ({
      provide: Connection,
      inject: [Config, Logger, Metrics],
      useFactory: (config: Config, logger: Logger, metrics: Metrics) =>
        new Connection(config, logger, metrics),
    })),
    { provide: Keys, inject: [Config], useFactory: (config: Config) => new Keys(config.redisKeyPrefix) },
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
  ) {
    const waits = config.redisWaitReplicas > 0 ? [replica] : [];
    this.connections = [commands, lease, subscriber, broadcast, ...waits];
  }

  /** A node does not start without its store. */
  async onModuleInit(): Promise<void> {
    await Promise.all(this.connections.map((connection) => connection.connect()));
  }

  /** The last thing of all: whoever leaves in order has left by now. */
  onApplicationShutdown(): void {
    for (const connection of this.connections) connection.disconnect();
  }
}
