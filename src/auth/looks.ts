import { createHash } from 'node:crypto';
import unhomoglyph from 'unhomoglyph';

/**
 * What a name looks like: two names with a look in common cannot be told apart by eye. Unicode's skeleton (TR39) of the
 * name as it is, for `aIice` with a capital I, and of its small letters, for `Alice`. Opaque, of letters that are in ids.
 */
export function looksOf(name: string): string[] {
  const skeletons = [name, name.toLowerCase()].map((text) =>
    unhomoglyph(text.normalize('NFD')).normalize('NFD'),
  );
  return [...new Set(skeletons)].map((text) => createHash('sha256').update(text).digest('base64url'));
}
