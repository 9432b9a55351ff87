import { Injectable } from '@nestjs/common';
import { createAdapter, createShardedAdapter } from '@socket.io/redis-adapter';
import { Cluster } from 'ioredis';
import { Logger, OnceAMinute } from '../../logging';
import { inPlainWords } from '../../shared';
import { BroadcastRedis, CommandRedis, Keys } from '../../redis';
import type { BeelineServer } from '../beeline-socket';
import { Broadcast } from '../broadcast.port';

const SUBSCRIBING = /^(s|p)?subscribe$/;
const RETRY_MS = 1000;

/**
 * Socket.IO's Redis adapter: pub/sub of one server, sharded in a Cluster. It awaits nothing of what it asks of its
 * clients, and throws where a payload on its channel is not one of its own, which would end the process: so its clients
 * are given to it with every failure caught and logged.
 */
@Injectable()
export class RedisBroadcast extends Broadcast {
  private published: Promise<unknown> | undefined;
  private readonly subscriptions: (() => Promise<unknown>)[] = [];
  private refused: unknown;
  private retry: NodeJS.Timeout | undefined;

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
    this.subscriber.client.on('ready', () => void this.subscribeAgain());
    const [publisher, subscriber] = [this.commands, this.subscriber].map(({ client }) => this.caught(client));
    server.adapter(
      this.commands.client instanceof Cluster
        ? createShardedAdapter(publisher, subscriber, { channelPrefix: name, subscriptionMode: 'static' })
        : createAdapter(publisher, subscriber, { key: name }),
    );
  }

  override get fault(): string | undefined {
    return this.refused === undefined
      ? undefined
      : `this node can not listen to announcements: ${inPlainWords(this.refused)}`;
  }

  /**
   * What the adapter has subscribed to, asked for again until it is given: the adapter asks once, and the client library
   * remembers nothing that was refused. Asking twice does no harm.
   */
  private async subscribeAgain(): Promise<void> {
    clearTimeout(this.retry);
    try {
      for (const subscribe of this.subscriptions) await this.subscriber.call(subscribe);
      this.refused = undefined;
    } catch (err) {
      this.fail(err);
    }
  }

  private fail(err: unknown): void {
    if (this.subscriber.client.status === 'end') return;
    const count = this.faults.due('subscription');
    if (count !== undefined) this.logger.error({ err, count }, 'not ready: announcements are not heard');
    this.refused = err;
    clearTimeout(this.retry);
    this.retry = setTimeout(() => void this.subscribeAgain(), RETRY_MS).unref();
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
          if (SUBSCRIBING.test(String(name))) {
            this.subscriptions.push(() => Reflect.apply(member, target, args) as Promise<unknown>);
            result.catch((err: unknown) => this.fail(err));
            return result;
          }
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
