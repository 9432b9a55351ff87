import { Injectable } from '@nestjs/common';
import { createAdapter, createShardedAdapter } from '@socket.io/redis-adapter';
import { Cluster } from 'ioredis';
import { Logger, OnceAMinute } from '../../logging';
import { BroadcastRedis, CommandRedis, Keys } from '../../redis';
import type { BeelineServer } from '../beeline-socket';
import { Broadcast } from '../broadcast.port';

/**
 * Socket.IO's Redis adapter: pub/sub of one server, sharded in a Cluster. It awaits nothing of what it asks of its
 * clients, and throws where a payload on its channel is not one of its own, which would end the process: so its clients
 * are given to it with every failure caught and logged.
 */
@Injectable()
export class RedisBroadcast extends Broadcast {
  private published: Promise<unknown> | undefined;

  constructor(
    private readonly commands: CommandRedis,
    private readonly subscriber: BroadcastRedis,
    private readonly keys: Keys,
    private readonly logger: Logger,
  ) {
    super();
  }

  override install(server: BeelineServer): void {
    const name = this.keys.broadcast();
    const [publisher, subscriber] = [this.commands, this.subscriber].map(({ client }) => this.caught(client));
    server.adapter(
      this.commands.client instanceof Cluster
        ? createShardedAdapter(publisher, subscriber, { channelPrefix: name, subscriptionMode: 'static' })
        : createAdapter(publisher, subscriber, { key: name }),
    );
  }

  /** The adapter publishes before `emit` returns. */
  override async send(emit: () => void): Promise<void> {
    await this.commands.call((client) => client.ping());
    this.published = undefined;
    emit();
    const published = this.published;
    if (published !== undefined) await this.commands.call(() => published);
  }

  private readonly faults = new OnceAMinute();

  /** What listens to the adapter's channel, made safe against payloads that it can not read. */
  private readonly guarded = (argument: unknown): unknown => {
    if (typeof argument !== 'function') return argument;
    const { logger, faults } = this;
    // The adapter's listener of errors asks its emitter who else listens.
    return function (this: unknown, ...args: unknown[]): void {
      try {
        Reflect.apply(argument, this, args);
      } catch (err) {
        const count = faults.due('malformed');
        if (count !== undefined) logger.warn({ err, count }, 'malformed broadcast dropped');
      }
    };
  };

  private caught<T extends object>(client: T): T {
    return new Proxy(client, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function' || name === 'constructor') return member;
        return (...args: unknown[]): unknown => {
          const result: unknown = Reflect.apply(
            member,
            target,
            name === 'on' ? args.map(this.guarded) : args,
          );
          if (!(result instanceof Promise)) return result;
          result.catch((err: unknown) => {
            const count = this.faults.due('command');
            if (count !== undefined) this.logger.warn({ err, command: String(name), count }, 'broadcast');
          });
          if (name === 'publish' || name === 'spublish') this.published = result;
          return result;
        };
      },
    });
  }
}
