/** What a node must know of Redis before it opens its connections. */
export abstract class ServerFacts {
  /** Whether it is a Redis Cluster, as its servers say: one of its hosts is enough to find the others. */
  abstract readonly isCluster: boolean;
  /** Whether this user may ask for INFO. The client library asks at each connection, where it may. */
  abstract readonly mayAskInfo: boolean;
  /** The same for CLUSTER INFO. */
  abstract readonly mayAskClusterInfo: boolean;
}

/** Where nobody has looked: what the URL says, and every right. */
export function factsOf(url: string): ServerFacts {
  return { isCluster: url.includes(','), mayAskInfo: true, mayAskClusterInfo: true };
}
