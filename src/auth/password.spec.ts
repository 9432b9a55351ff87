import crypto from 'node:crypto';
import { hashPassword, verifyPassword } from './password';

/** Hashing is slow on purpose, so the tests share what they hash. */
describe('a password', () => {
  let one: string;
  let two: string;

  beforeAll(async () => {
    [one, two] = await Promise.all([hashPassword('Zo\u00eb'), hashPassword('Zo\u00eb')]);
  });

  it('is known again by its hash, however its letters were composed, and no other is', async () => {
    const tried = ['Zo\u00eb', 'Zoe\u0308', 'zo\u00eb', ''].map((password) => verifyPassword(password, one));
    expect(await Promise.all(tried)).toEqual([true, true, false, false]);
  });

  it('has a hash of its own each time, which says what it cost and not what it is', () => {
    expect(one).toMatch(/^scrypt\$32768\$8\$3\$[\w+/=]{24}\$[\w+/=]{44}$/);
    expect(one).not.toBe(two);
  });

  it('matches no hash of another scheme, none cut short and none at all', async () => {
    for (const spoilt of ['', 'x', one.replace('scrypt', 'plain'), one.slice(0, -8), one.slice(0, 30)]) {
      expect(await verifyPassword('Zo\u00eb', spoilt)).toBe(false);
    }
  });

  it('is known by a hash that was cheaper once', async () => {
    const salt = Buffer.from('salt');
    const key = crypto.scryptSync('x', salt, 32, { N: 1024, r: 8, p: 1 });
    const hash = `scrypt$1024$8$1$${salt.toString('base64')}$${key.toString('base64')}`;
    expect(await verifyPassword('x', hash)).toBe(true);
    expect(await verifyPassword('y', hash)).toBe(false);
  });

  it('is hashed with at most two others at work, and every one in the end', async () => {
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
      const hashes = await Promise.all(Array.from({ length: 4 }, (_, i) => hashPassword(`p${i}`)));
      expect(new Set(hashes).size).toBe(4);
      expect(most).toBe(2);
    } finally {
      spy.mockRestore();
    }
  });

  it('that can not be hashed leaves room for the next', async () => {
    const broken = `scrypt$3$8$1$${'a'.repeat(8)}$${'a'.repeat(8)}`;
    for (let i = 0; i < 4; i += 1) await expect(verifyPassword('x', broken)).rejects.toThrow('scrypt');
    expect(await verifyPassword('Zo\u00eb', one)).toBe(true);
  });
});
