import crypto from 'node:crypto';
import { toClientError } from '../shared';
import { hashPassword, verifyPassword } from './password';

const SOMEBODY = { address: '192.0.2.1', isKnown: false };

/** As an earlier configuration would have stored it; the tests that need many use these. */
function cheapHash(password: string): string {
  const salt = Buffer.from('salt');
  const key = crypto.scryptSync(password, salt, 32, { N: 1024, r: 8, p: 1 });
  return `scrypt$1024$8$1$${salt.toString('base64')}$${key.toString('base64')}`;
}

describe('a password', () => {
  it('is known again by its hash, and no other is', async () => {
    const hash = await hashPassword('correct horse', SOMEBODY);
    const tried = await Promise.all([
      verifyPassword('correct horse', hash, SOMEBODY),
      verifyPassword('correct hors', hash, SOMEBODY),
    ]);
    expect(tried).toEqual([true, false]);
  });

  it('has a hash of its own each time, which says what it cost and not what it is', async () => {
    const [one, two] = await Promise.all([
      hashPassword('hunter2', SOMEBODY),
      hashPassword('hunter2', SOMEBODY),
    ]);
    expect(one).toMatch(/^scrypt\$32768\$8\$3\$[\w+/=]{24}\$[\w+/=]{44}$/);
    expect(one).not.toBe(two);
    expect(one).not.toContain('hunter2');
  });

  it('is known by a hash that was cheaper once, however its letters were composed', async () => {
    const tried = ['Zo\u00eb', 'Zoe\u0308', 'zo\u00eb', 'Zo\u00eb ', ''];
    const known = await Promise.all(
      tried.map((password) => verifyPassword(password, cheapHash('Zo\u00eb'), SOMEBODY)),
    );
    expect(known).toEqual([true, true, false, false, false]);
  });

  it('matches no hash of another scheme, none cut short and none at all', async () => {
    const hash = cheapHash('x');
    for (const spoilt of ['', 'x', hash.replace('scrypt', 'plain'), hash.slice(0, -8), hash.slice(0, 20)]) {
      expect(await verifyPassword('x', spoilt, SOMEBODY)).toBe(false);
    }
  });

  it('is hashed with at most two at work, and every one in the end', async () => {
    let [running, most] = [0, 0];
    const { scrypt } = crypto;
    type Scrypt = (
      p: string,
      s: Buffer,
      n: number,
      o: object,
      done: (e: Error | null, key: Buffer) => void,
    ) => void;
    const counting: Scrypt = (password, salt, length, options, done) => {
      running += 1;
      most = Math.max(most, running);
      scrypt(password, salt, length, options, (error, key) => {
        running -= 1;
        done(error, key);
      });
    };
    const spy = jest.spyOn(crypto, 'scrypt').mockImplementation(counting as never);
    try {
      const hash = cheapHash('x');
      const known = Promise.all(Array.from({ length: 20 }, () => verifyPassword('x', hash, SOMEBODY)));
      expect(await known).toEqual(Array.from({ length: 20 }, () => true));
      expect(most).toBe(2);
    } finally {
      spy.mockRestore();
    }
  });

  it('is refused, for now, where a hundred wait already', async () => {
    const hash = cheapHash('x');
    const tried = await Promise.allSettled(
      Array.from({ length: 110 }, () => verifyPassword('x', hash, SOMEBODY)),
    );
    const refused = tried.filter(({ status }) => status === 'rejected');
    // Two are at work.
    expect(refused).toHaveLength(8);
    for (const { reason } of refused as PromiseRejectedResult[]) {
      expect(toClientError(reason).toBody()).toMatchObject({
        code: 'unavailable',
        retryable: true,
        retryAfterMs: 15_000,
      });
    }
    expect(await verifyPassword('x', hash, SOMEBODY)).toBe(true);
  });

  it('that can not be hashed leaves room for the next', async () => {
    const broken = `scrypt$3$8$1$${'a'.repeat(8)}$${'a'.repeat(8)}`;
    for (let i = 0; i < 4; i += 1)
      await expect(verifyPassword('x', broken, SOMEBODY)).rejects.toThrow('scrypt');
    expect(await verifyPassword('x', cheapHash('x'), SOMEBODY)).toBe(true);
  });
});
