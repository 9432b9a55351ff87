import type { Remains } from '../history';
import type { TcpProxy } from '../tcp-proxy';

/** How a node reaches its store. */
export interface Wiring {
  environment: Record<string, string>;
  /** Between that node and its store, where it has a wire to itself. */
  wire?: TcpProxy;
}

/** What the nodes of an arena keep everything in. */
export interface ArenaStore {
  /** Nodes that it serves at a time. */
  readonly maxNodes: number;
  /** For one more node. */
  connect(): Promise<Wiring>;
  /** Every key and what is left of its life; none where that cannot be seen from outside. */
  keys(): Promise<Remains['keys']>;
  close(): Promise<void>;
}
