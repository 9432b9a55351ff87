/** The pairs in a flat list, as the store's scripts return them. */
export function pairsOf<A extends string, B extends string>(flat: readonly string[]): [A, B][] {
  const pairs: [A, B][] = [];
  for (let i = 0; i + 1 < flat.length; i += 2) pairs.push([flat[i] as A, flat[i + 1] as B]);
  return pairs;
}
