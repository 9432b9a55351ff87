import type { Random } from '../../support';

const TEXTS = [
  '',
  ' ',
  '\u0000',
  'é',
  '🐝',
  '\ud800',
  '__proto__',
  'constructor',
  '0-0',
  '1e999',
  '{x}',
  'x'.repeat(3000),
];
const NUMBERS = [0, -0, -1, 1, 1.5, 7, 200, 201, 2 ** 31, 2 ** 53, 1e308, -1e308, 5e-324];
const KEYS = [
  'to',
  'body',
  'channel',
  'users',
  'offset',
  'token',
  'messages',
  '__proto__',
  'constructor',
  'toJSON',
  '',
];

/** Any JSON, as text: half of it simple, some of it deep, wide, or with keys that mean something to JavaScript. */
export function wildJson(random: Random, depth = 0): string {
  const kind = random.below(depth > 5 ? 5 : 9);
  if (kind === 0) return random.pick(['null', 'true', 'false']);
  if (kind === 1) return JSON.stringify(random.pick(NUMBERS));
  if (kind === 2) return random.pick(['1e400', '-1e400', '9'.repeat(random.int(1, 400)), '0.1e-400']);
  if (kind <= 4) return JSON.stringify(random.pick(TEXTS));
  if (kind === 5) return nested(random);
  const parts = Array.from({ length: random.below(6) }, () => wildJson(random, depth + 1));
  if (kind === 6) return `[${parts.join()}]`;
  return `{${parts.map((part) => `${JSON.stringify(random.pick(KEYS))}:${part}`).join()}}`;
}

function nested(random: Random): string {
  const levels = random.pick([3, 63, 65, 500, 5000]);
  return random.chance(0.5)
    ? `${'['.repeat(levels)}${']'.repeat(levels)}`
    : `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
}
