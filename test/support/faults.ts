import { Cluster } from 'ioredis';
import { NodeChannel } from '../../src/node';
import { BroadcastRedis, CommandRedis, LeaseRedis, SubscriberRedis } from '../../src/redis';
import type { BeelineNode } from './beeline-node';

/** Loses every envelope that this node publishes from now on; its heartbeats go through. */
export function loseEnvelopes(node: BeelineNode): void {
  const channel = node.app.get<NodeChannel>(NodeChannel);
  const publish = channel.publish.bind(channel);
  channel.publish = (id, payload) =>
    payload.startsWith('beat\t') ? publish(id, payload) : Promise.resolve(undefined);
}

/** The node stops listening without knowing it, as when a proxy or a moved slot loses a subscription. */
export async function loseSubscription(node: BeelineNode): Promise<void> {
  const { client } = node.app.get<SubscriberRedis>(SubscriberRedis);
  await (client instanceof Cluster ? client.sunsubscribe() : client.unsubscribe());
}

/** Cuts a node off from Redis for good: it can neither renew, nor unregister, nor leave. */
export function cutOff(node: BeelineNode): void {
  for (const connection of [CommandRedis, LeaseRedis, SubscriberRedis, BroadcastRedis]) {
    node.app.get<CommandRedis>(connection).disconnect();
  }
}
