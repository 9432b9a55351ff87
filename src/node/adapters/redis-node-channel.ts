import { Injectable } from '@nestjs/common';
import { CommandRedis, Keys, SubscriberRedis } from '../../redis';
import type { NodeId } from '../../shared';
import { NodeChannel } from '../node-channel.port';

/** Classic pub/sub of one Redis server; after a broken connection the client library subscribes again. */
@Injectable()
export class RedisNodeChannel extends NodeChannel {
  private channel: string | undefined;
  private onPayload: (payload: string) => void = () => {};

  constructor(
    private readonly commands: CommandRedis,
    private readonly subscriber: SubscriberRedis,
    private readonly keys: Keys,
  ) {
    super();
    this.subscriber.on('message', (channel: string, payload: string) => {
      if (channel === this.channel) this.onPayload(payload);
    });
  }

  override async listen(node: NodeId, onPayload: (payload: string) => void): Promise<void> {
    const channel = this.keys.nodeChannel(node);
    const previous = this.channel;
    this.onPayload = onPayload;
    this.channel = channel;
    await this.subscriber.subscribe(channel);
    if (previous !== undefined && previous !== channel) await this.subscriber.unsubscribe(previous);
  }

  override async publish(node: NodeId, payload: string): Promise<void> {
    await this.commands.publish(this.keys.nodeChannel(node), payload);
  }
}
