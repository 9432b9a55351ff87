import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import { type Asker, FairQueue } from '../limits';

/**
 * scrypt, a memory-hard function, with the parameters that OWASP's password storage cheat sheet gives as
 * equal to its first choice: N = 2^15, r = 8, p = 3, 32 MiB. They are stored with each hash, so that they can be raised.
 */
const COST = { N: 2 ** 15, r: 8, p: 3 };
const KEY_BYTES = 32;
const SALT_BYTES = 16;

/** Hashing occupies a thread and 32 MiB each; more at once would starve everything else that needs a thread. */
const MAX_AT_ONCE = 2;

/** At about 0.3 s each (measured) these are a quarter of a minute: beyond it whoever asks for most is told to come back. */
const MAX_WAITING = 100;
const MAX_WAIT_MS = 15_000;

/** What nobody's password has: compared with where there is no account, so that it takes as long. */
export const DECOY_HASH = printed(randomBytes(SALT_BYTES), randomBytes(KEY_BYTES));

export async function hashPassword(password: string, asker: Asker): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  return printed(salt, await derive(password, salt, COST, asker));
}

function printed(salt: Buffer, key: Buffer): string {
  return ['scrypt', COST.N, COST.r, COST.p, salt.toString('base64'), key.toString('base64')].join('$');
}

export async function verifyPassword(password: string, hash: string, asker: Asker): Promise<boolean> {
  const [scheme, N, r, p, salt, key] = hash.split('$');
  if (scheme !== 'scrypt' || salt === undefined || key === undefined) return false;
  const expected = Buffer.from(key, 'base64');
  const cost = { N: Number(N), r: Number(r), p: Number(p) };
  const actual = await derive(password, Buffer.from(salt, 'base64'), cost, asker);
  return actual.length === expected.length && timingSafeEqual(actual, expected);
}

const queue = new FairQueue(MAX_AT_ONCE, MAX_WAITING, MAX_WAIT_MS);

function derive(password: string, salt: Buffer, cost: typeof COST, asker: Asker): Promise<Buffer> {
  const maxmem = 256 * cost.N * cost.r;
  return queue.run(
    asker,
    () =>
      new Promise<Buffer>((resolve, reject) => {
        scrypt(password.normalize('NFC'), salt, KEY_BYTES, { ...cost, maxmem }, (error, key) =>
          error === null ? resolve(key) : reject(error),
        );
      }),
  );
}
