/** The library has no types of its own. */
declare module 'cluster-key-slot' {
  /** The slot of a key in a Redis Cluster, by its hash tag where it has one. */
  function calculateSlot(key: string): number;
  export = calculateSlot;
}
