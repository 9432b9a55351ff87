import type { Manifest } from './kustomize';

/** Finds `Kind name`; of generated names the beginning is enough. */
export function find(manifests: readonly Manifest[], which: string): Manifest {
  const found = manifests.find(({ kind, metadata }) => `${kind} ${metadata.name}`.startsWith(which));
  if (found === undefined) throw new Error(`no ${which}`);
  return found;
}

/** A copy with something else at a path (`spec.template.…`), or with undefined without what stands there. */
export function mutated(
  manifests: readonly Manifest[],
  which: string,
  path: string,
  value: unknown,
): Manifest[] {
  const copy = structuredClone([...manifests]);
  const target = find(copy, which);
  if (path === '') return copy.filter((manifest) => manifest !== target);
  const keys = path.split('.');
  const last = keys.pop() ?? '';
  let at = target as unknown as Record<string, unknown>;
  for (const key of keys) at = at[key] as Record<string, unknown>;
  if (value === undefined) delete at[last];
  else at[last] = value;
  return copy;
}
