import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import pLimit from 'p-limit';
import { BeelineError } from '../shared';

/**
 * scrypt, a memory-hard function, with the parameters that OWASP's password storage cheat sheet gives as
 * equal to its first choice: N = 2^15, r = 8, p = 3, 32 MiB. They are stored with each hash, so that they can be raised.
 */
const COST = { N: 2 ** 15, r: 8, p: 3 };
const KEY_BYTES = 32;
const SALT_BYTES = 16;

/** Hashing occupies a thread and 32 MiB each; more at once would starve everything else that needs a thread. */
const MAX_AT_ONCE = 2;

/** At about 0.3 s each (measured) these are a quarter of a minute: who would wait longer is told to come back. */
const MAX_WAITING = 100;
const RETRY_AFTER_MS = 15_000;

export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const key = await derive(password, salt, COST);
  return ['scrypt', COST.N, COST.r, COST.p, salt.toString('base64'), key.toString('base64')].join('$');
}

export async function verifyPassword(password: string, hash: string): Promise<boolean> {
  const [scheme, N, r, p, salt, key] = hash.split('$');
  if (scheme !== 'scrypt' || salt === undefined || key === undefined) return false;
  const expected = Buffer.from(key, 'base64');
  const actual = await derive(password, Buffer.from(salt, 'base64'), {
    N: Number(N),
    r: Number(r),
    p: Number(p),
  });
  return actual.length === expected.length && timingSafeEqual(actual, expected);
}

const limit = pLimit(MAX_AT_ONCE);

function derive(password: string, salt: Buffer, cost: typeof COST): Promise<Buffer> {
  if (limit.pendingCount >= MAX_WAITING) {
    const extras = { retryAfterMs: RETRY_AFTER_MS };
    return Promise.reject(
      new BeelineError('unavailable', 'too many log in at this moment; try again later', extras),
    );
  }
  const maxmem = 256 * cost.N * cost.r;
  return limit(
    () =>
      new Promise<Buffer>((resolve, reject) => {
        scrypt(password.normalize('NFC'), salt, KEY_BYTES, { ...cost, maxmem }, (error, key) =>
          error === null ? resolve(key) : reject(error),
        );
      }),
  );
}
