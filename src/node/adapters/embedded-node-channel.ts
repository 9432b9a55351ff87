import { Injectable } from '@nestjs/common';
import type { NodeId } from '../../shared';
import { type ChannelListener, NodeChannel } from '../node-channel.port';

/** Channels within this process, which is all that there is: what is published is heard, in order, a moment later. */
const listeners = new Map<NodeId, ChannelListener>();

@Injectable()
export class EmbeddedNodeChannel extends NodeChannel {
  private node: NodeId | undefined;

  override listen(node: NodeId, listener: ChannelListener): Promise<void> {
    if (this.node !== undefined) listeners.delete(this.node);
    this.node = node;
    listeners.set(node, listener);
    return Promise.resolve();
  }

  override publish(node: NodeId, payload: string): Promise<number> {
    setImmediate(() => listeners.get(node)?.onPayload(payload));
    return Promise.resolve(listeners.has(node) ? 1 : 0);
  }
}
