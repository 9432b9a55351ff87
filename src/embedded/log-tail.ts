/** The format of LevelDB's log: blocks of 32 KiB with records of checksum (4), length (2), type (1) and payload. */
const BLOCK_BYTES = 32_768;
const HEADER_BYTES = 7;
const LENGTH_AT = 4;
const TYPE_AT = 6;
const POLYNOMIAL = 0x82f63b78;
const MASK_DELTA = 0xa282ead8;

/**
 * Whether the last record of a log is whole though its length says that there is more of it. LevelDB takes that for a
 * record which a crash has cut off, and drops it without a word. It is one whose length is damaged: a record that
 * was cut off does not have, anywhere, the checksum that it begins with.
 */
export function hasDamagedTail(log: Buffer): boolean {
  let at = Math.floor(log.length / BLOCK_BYTES) * BLOCK_BYTES;
  while (at + HEADER_BYTES <= log.length) {
    const end = at + HEADER_BYTES + log.readUInt16LE(at + LENGTH_AT);
    if (end > log.length) return hasChecksumOfSomeLength(log, at);
    at = end;
  }
  return false;
}

function hasChecksumOfSomeLength(log: Buffer, at: number): boolean {
  const masked = log.readUInt32LE(at);
  const rotated = (masked - MASK_DELTA) >>> 0;
  const expected = ((rotated >>> 17) | (rotated << 15)) >>> 0;
  let crc = 0xffffffff;
  for (let i = at + TYPE_AT; i < log.length; i += 1) {
    crc = (crc >>> 8) ^ (TABLE[(crc ^ (log[i] ?? 0)) & 0xff] ?? 0);
    if ((crc ^ 0xffffffff) >>> 0 === expected) return true;
  }
  return false;
}

/** CRC-32C, which Node does not have. */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
  return crc >>> 0;
});
