import { Injectable } from '@nestjs/common';
import { Cluster } from 'ioredis';
import { Logger } from '../../logging';
import { CommandRedis, Keys, SubscriberRedis } from '../../redis';
import type { NodeId } from '../../shared';
import { type ChannelListener, NodeChannel } from '../node-channel.port';

/**
 * Pub/sub of one Redis server, sharded pub/sub in a Cluster, where a classic channel would be sent through every
 * server. A slot that moves away takes a sharded subscription with it, without any event: the heartbeat tells.
 */
@Injectable()
export class RedisNodeChannel extends NodeChannel {
  private channel: string | undefined;
  private listener: ChannelListener | undefined;

  constructor(
    private readonly commands: CommandRedis,
    private readonly subscriber: SubscriberRedis,
    private readonly keys: Keys,
    private readonly logger: Logger,
  ) {
    super();
    const event = subscriber.client instanceof Cluster ? 'smessage' : 'message';
    this.subscriber.client.on(event, (channel: string, payload: string) => {
      if (channel === this.channel) this.listener?.onPayload(payload);
    });
    this.subscriber.client.on('ready', () => void this.restore());
  }

  override async listen(node: NodeId, listener: ChannelListener): Promise<void> {
    const channel = this.keys.nodeChannel(node);
    const previous = this.channel;
    this.listener = listener;
    this.channel = channel;
    await this.listenTo(channel);
    if (previous === undefined || previous === channel) return;
    await this.subscriber.call((client) =>
      client instanceof Cluster ? client.sunsubscribe(previous) : client.unsubscribe(previous),
    );
  }

  /** A server of a Cluster counts its own listeners only, who may be on a replica. */
  override publish(node: NodeId, payload: string): Promise<number | undefined> {
    const channel = this.keys.nodeChannel(node);
    return this.commands.call((client) =>
      client instanceof Cluster
        ? client.spublish(channel, payload).then(() => undefined)
        : client.publish(channel, payload),
    );
  }

  /** After a broken connection: subscribing again does no harm where the client library has done so already. */
  private async restore(): Promise<void> {
    if (this.channel === undefined) return;
    try {
      await this.listenTo(this.channel);
      this.listener?.onRestored();
    } catch (err) {
      this.logger.warn({ err }, 'not subscribed again: the heartbeat will tell');
    }
  }

  private async listenTo(channel: string): Promise<void> {
    await this.subscriber.call((client) =>
      client instanceof Cluster ? client.ssubscribe(channel) : client.subscribe(channel),
    );
  }
}
