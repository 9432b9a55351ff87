import { Injectable } from '@nestjs/common';
import { Logger } from '../../logging';
import { CommandRedis, Keys, SubscriberRedis } from '../../redis';
import type { NodeId } from '../../shared';
import { type ChannelListener, NodeChannel } from '../node-channel.port';

/** Classic pub/sub of one Redis server. */
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
    this.subscriber.client.on('message', (channel: string, payload: string) => {
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
    await this.subscriber.call((client) => client.unsubscribe(previous));
  }

  override async publish(node: NodeId, payload: string): Promise<void> {
    await this.commands.call((client) => client.publish(this.keys.nodeChannel(node), payload));
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
    await this.subscriber.call((client) => client.subscribe(channel));
  }
}
