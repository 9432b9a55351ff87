/** Deeper than any sensible body, shallow enough that no recursion anywhere can run out of stack. */
const MAX_DEPTH = 64;

/** What keeps a received value from being plain JSON of bearable depth, or undefined where nothing does. */
export function problemOfJson(value: unknown, depth = 0): string | undefined {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return undefined;
  if (typeof value === 'number') return Number.isFinite(value) ? undefined : 'must hold finite numbers only';
  if (typeof value !== 'object') return 'must be a JSON value';
  if (depth >= MAX_DEPTH) return `must not be nested deeper than ${MAX_DEPTH}`;
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return 'must not hold binary data';
  for (const part of Array.isArray(value) ? (value as unknown[]) : Object.values(value)) {
    const problem = problemOfJson(part, depth + 1);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** As JSON.stringify writes half of a surrogate pair, or any other escape. */
const ESCAPE = /\\(?:u(d[89a-f][0-9a-f]{2})|.)/g;

/**
 * JSON text that every client can read: where a text, or a key, holds half of a surrogate pair, U+FFFD stands in its
 * place. Many languages can not hold such text, and would never get past it.
 */
export function printJson(value: unknown): string {
  const json = JSON.stringify(value);
  if (!json.includes('\\ud')) return json;
  return json.replace(ESCAPE, (escape, half?: string) => (half === undefined ? escape : '\ufffd'));
}

/** An object as JSON.parse makes them: not an array, not null, not binary. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}
