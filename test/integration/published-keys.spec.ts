import { createHmac, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { sign } from 'jsonwebtoken';
import { TokenVerifier } from '../../src/auth';
import { readConfig } from '../../src/config';
import type { Logger } from '../../src/logging';
import { type BeelineError, monotonicMs, StoreClock } from '../../src/shared';
import { KeyServer } from '../support/key-server';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const otherRsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const silent = (): void => undefined;
const log: Logger = { error: silent, warn: silent, info: silent, debug: silent };
const NOW = Math.floor(Date.now() / 1000);
const claims = { sub: 'bob', iat: NOW - 60, exp: NOW + 3600 };

function verifierFor(url: string): TokenVerifier {
  const clock = new StoreClock();
  const now = monotonicMs();
  clock.set(NOW * 1000, now, now);
  return new TokenVerifier(readConfig({ REDIS_URL: 'redis://127.0.0.1', JWT_JWKS_URL: url }), clock, log);
}

/** The code that a token is refused with; 'accepted' where it is not. */
async function outcomeOf(verifier: TokenVerifier, token: unknown): Promise<string> {
  return verifier.verify(token).then(
    () => 'accepted',
    (error: BeelineError) => error.code,
  );
}

/** A token put together by hand, as no library would. */
function forge(header: object, mac: (text: string) => string): string {
  const text = [header, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${text}.${mac(text)}`;
}

describe('a token whose keys are published', () => {
  let issuer: KeyServer;
  let verifier: TokenVerifier;

  beforeEach(async () => {
    issuer = await KeyServer.start();
    issuer.publish('first', rsa.publicKey);
    verifier = verifierFor(issuer.url);
  });
  afterEach(() => issuer.stop());

  const signedBy = (key: KeyObject, keyid: string): string =>
    sign(claims, key, { algorithm: key.asymmetricKeyType === 'ec' ? 'ES256' : 'RS256', keyid });

  it('is verified with the key that it names, which is fetched once', async () => {
    issuer.publish('second', ec.publicKey);
    for (let i = 0; i < 3; i += 1) {
      expect(await outcomeOf(verifier, signedBy(rsa.privateKey, 'first'))).toBe('accepted');
      expect(await outcomeOf(verifier, signedBy(ec.privateKey, 'second'))).toBe('accepted');
    }
    expect(issuer.asked).toBeLessThanOrEqual(2);
  });

  it('is verified with a new key as soon as there is one', async () => {
    expect(await outcomeOf(verifier, signedBy(rsa.privateKey, 'first'))).toBe('accepted');
    expect(await outcomeOf(verifier, signedBy(otherRsa.privateKey, 'next'))).toBe('unauthorized');
    issuer.withdraw('first');
    issuer.publish('next', otherRsa.publicKey);
    expect(await outcomeOf(verifier, signedBy(otherRsa.privateKey, 'next'))).toBe('accepted');
  });

  it('is refused when it names no key that is published, or another than signed it', async () => {
    expect(await outcomeOf(verifier, signedBy(rsa.privateKey, 'unknown'))).toBe('unauthorized');
    expect(await outcomeOf(verifier, signedBy(otherRsa.privateKey, 'first'))).toBe('unauthorized');
    const broken = `${Buffer.from('{"alg":"RS256","typ":"JWT","kid":"first"}').toString('base64url')}.e30x.AAAA`;
    for (const junk of ['x', 'a.b.c', '..', broken])
      expect(await outcomeOf(verifier, junk)).toBe('unauthorized');
  });

  it('is refused when it is unsigned, or signed with what is public', async () => {
    const header = { kid: 'first', typ: 'JWT' };
    const hmac = (text: string): string =>
      createHmac('sha256', rsa.publicKey.export({ type: 'spki', format: 'pem' }))
        .update(text)
        .digest('base64url');
    expect(
      await outcomeOf(
        verifier,
        forge({ ...header, alg: 'none' }, () => ''),
      ),
    ).toBe('unauthorized');
    expect(await outcomeOf(verifier, forge({ ...header, alg: 'HS256' }, hmac))).toBe('unauthorized');
  });

  it('can not be judged while its keys can not be fetched: that is unavailable, not unauthorized', async () => {
    const known = signedBy(rsa.privateKey, 'first');
    expect(await outcomeOf(verifier, known)).toBe('accepted');
    await issuer.stop();
    expect(await outcomeOf(verifier, known)).toBe('accepted');
    expect(await outcomeOf(verifier, signedBy(otherRsa.privateKey, 'next'))).toBe('unavailable');
    expect(await outcomeOf(verifierFor(issuer.url), known)).toBe('unavailable');
    issuer = await KeyServer.start();
  });

  it('can not make us ask its issuer without limit, nor keep out those whose keys we have', async () => {
    const known = signedBy(rsa.privateKey, 'first');
    expect(await outcomeOf(verifier, known)).toBe('accepted');
    const forged = Array.from({ length: 30 }, (_, i) => signedBy(otherRsa.privateKey, `forged-${i}`));
    await Promise.all(forged.map((token) => outcomeOf(verifier, token)));
    expect(issuer.asked).toBeLessThanOrEqual(3);
    expect(await outcomeOf(verifier, known)).toBe('accepted');
  });
});
