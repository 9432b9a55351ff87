import { crc32 } from 'node:zlib';

/**
 * Every value is stored as `~<crc>:<text>`: eight hex digits, a CRC-32 of key and text. LevelDB does not look at its
 * own checksums when it reads a table, so a flipped bit would come back as somebody's words. The key is part of it,
 * since a damaged block gives whole values under wrong keys.
 */
const MARK = '~';
const HEAD_LENGTH = 10;

export function seal(key: string, text: string): string {
  return `${MARK}${checksum(key, text)}:${text}`;
}

/** Undefined where key and value are not what was written together. */
export function unseal(key: string, value: string): string | undefined {
  const text = value.slice(HEAD_LENGTH);
  return value.slice(0, HEAD_LENGTH) === `${MARK}${checksum(key, text)}:` ? text : undefined;
}

/** Whether a value has a seal, broken or not: no text of ours begins like one. */
export function isSealed(value: string): boolean {
  return value.startsWith(MARK);
}

function checksum(key: string, text: string): string {
  return crc32(text, crc32(`${key}\n`))
    .toString(16)
    .padStart(8, '0');
}
