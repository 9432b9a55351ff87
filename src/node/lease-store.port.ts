import type { NodeId } from '../shared';

/** What a node tells of itself with each renewal. */
export interface NodeInfo {
  /** For people: `NODE_NAME`. */
  name: string;
  version: string;
  connections: number;
  draining: boolean;
}

/** A node whose lease has not run out, as it told of itself last. */
export interface ListedNode extends NodeInfo {
  nodeId: NodeId;
  /** Unix ms by the store. */
  leaseExpiresAt: number;
}

/** One look at the list of nodes, made in the same step as the renewal. */
export interface LeaseLook {
  /** False where this node's own lease had run out, or the store knows nothing of it: the id is lost for good. */
  held: boolean;
  /** The store's clock, Unix ms. */
  storeNowMs: number;
  /** Every node whose lease has not run out, this one included where held. */
  living: NodeId[];
}

/** Who is alive, by the store's clock. */
export abstract class LeaseStore {
  /** Takes the first lease of an id that was never used before. What the node tells is kept as long as its lease. */
  abstract take(node: NodeId, leaseMs: number, info: NodeInfo): Promise<LeaseLook>;

  /** Renews a lease that has not run out; one that has is not renewed, now or ever. */
  abstract renew(node: NodeId, leaseMs: number, info: NodeInfo): Promise<LeaseLook>;

  /** Leaves the list at once. Unknown ids are fine. */
  abstract leave(node: NodeId): Promise<void>;

  /** Every node whose lease has not run out, in no order. */
  abstract list(): Promise<ListedNode[]>;

  /** What keeps the store from being used just now, as far as this process knows without asking it. */
  get outage(): string | undefined {
    return undefined;
  }

  /** What makes the store unfit to keep messages, in words for its operator; undefined where nothing does. */
  abstract findFault(): Promise<string | undefined>;

  /** What its operator should know, and what keeps nobody from using it. */
  abstract findDoubts(): Promise<readonly string[]>;
}
