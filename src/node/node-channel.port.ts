import type { NodeId } from '../shared';

export interface ChannelListener {
  onPayload(payload: string): void;
  /** Listening was interrupted and is in force again: what was published in between is lost. */
  onRestored(): void;
}

/**
 * The way to one node: each node listens to a channel of its own and to no other. Nothing here is promised to
 * arrive: a payload can be lost (while the subscription is broken), and whoever sends must not rely on it.
 */
export abstract class NodeChannel {
  /** Listens to this node's channel, and stops listening to the one before, if any. Resolves once it is in force. */
  abstract listen(node: NodeId, listener: ChannelListener): Promise<void>;

  /**
   * Hands a payload to whoever listens as that node. Resolves when the store has taken it, with how many listened,
   * undefined where the store can't tell. Not presence: a listener that has stopped reading counts.
   */
  abstract publish(node: NodeId, payload: string): Promise<number | undefined>;
}
