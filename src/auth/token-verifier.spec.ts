import { createHmac, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { type SignOptions, sign } from 'jsonwebtoken';
import { readConfig } from '../config';
import type { Logger } from '../logging';
import { type BeelineError, monotonicMs, StoreClock } from '../shared';
import { TokenSigner } from './token-signer';
import { TokenVerifier } from './token-verifier';

const SECRET = 'a secret of thirty-two bytes, or more';
/** Years off this machine's clock, in either direction: only the store's may count. */
const STORE_NOW_MS = 1_000_000_000_000;
const NOW = STORE_NOW_MS / 1000;

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const otherRsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const pemOf = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }).toString();

/** Every line that was written, as its words and fields. */
const lines: object[] = [];
const write = (fields: object, message: string): void => void lines.push({ message, ...fields });
const log: Logger = { error: write, warn: write, info: write, debug: write };

function verifierWith(environment: Record<string, string>, storeNowMs = STORE_NOW_MS): TokenVerifier {
  const clock = new StoreClock();
  const now = monotonicMs();
  clock.set(storeNowMs, now, now);
  return new TokenVerifier(readConfig({ REDIS_URL: 'redis://127.0.0.1', ...environment }), clock, log);
}

const claims = { sub: 'bob', iat: NOW - 60, exp: NOW + 60 };

function tokenOf(
  payload: object = claims,
  key: string | KeyObject = SECRET,
  options: SignOptions = {},
): string {
  return sign(payload, key, { algorithm: 'HS256', ...options });
}

/** The code that a token is refused with; 'accepted' where it is not. */
async function outcomeOf(verifier: TokenVerifier, token: unknown): Promise<string> {
  return verifier.verify(token).then(
    () => 'accepted',
    (error: BeelineError) => error.code,
  );
}

/** A token put together by hand, as no library would. */
function forge(header: object, payload: object, mac: (text: string) => string): string {
  const text = [header, payload]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${text}.${mac(text)}`;
}

const own = verifierWith({ AUTH_SECRET: SECRET });

describe('a token of our own', () => {
  it('tells who it speaks for', async () => {
    const token = new TokenSigner(SECRET, 'sub').signAccess('bob', STORE_NOW_MS, 60_000, { sid: 'login' });
    expect(await own.verify(token)).toEqual({
      userId: 'bob',
      scopes: new Set(),
      loginId: 'login',
      issuedAt: STORE_NOW_MS,
      expiresAt: STORE_NOW_MS + 60_000,
    });
  });

  it('carries its scopes, and its login by sid before jti', async () => {
    const identity = await own.verify(tokenOf({ ...claims, scope: 'send:any  admin', sid: 's', jti: 'j' }));
    expect(identity).toMatchObject({ scopes: new Set(['send:any', 'admin']), loginId: 's' });
    expect(await own.verify(tokenOf({ ...claims, jti: 'j' }))).toMatchObject({ loginId: 'j' });
  });

  it('is a login of its own where it names none, however its signature is written', async () => {
    const { loginId } = await own.verify(tokenOf());
    expect(loginId).toMatch(/^t-[A-Za-z0-9_-]{43}$/);
    expect(await own.verify(tokenOf())).toMatchObject({ loginId });
    expect((await own.verify(tokenOf({ ...claims, more: 1 }))).loginId).not.toBe(loginId);
  });

  it.each([
    [{ scope: ['admin', 'send:any'] }, ['admin', 'send:any']],
    [{ scp: 'admin  x' }, ['admin', 'x']],
    [{ scp: ['admin'] }, ['admin']],
    [{ scope: 'a', scp: 'b' }, ['a']],
    [{ scope: '' }, []],
  ])('has the scopes of %j', async (more, scopes) => {
    expect((await own.verify(tokenOf({ ...claims, ...more }))).scopes).toEqual(new Set(scopes));
  });

  const header = { alg: 'HS256', typ: 'JWT' };
  const hmac = (text: string): string => createHmac('sha256', SECRET).update(text).digest('base64url');

  it.each<[string, unknown[]]>([
    ['sid', [7, {}, null, ['x']]],
    ['jti', [7, true]],
    ['iat', ['1', null, 1e308, {}, NOW + 6]],
    ['nbf', ['1', null, -1e308, NOW + 6]],
    ['exp', [1e308, 1e15]],
    ['scope', [7, null, [7], {}]],
    ['scp', [7, ['a', null]]],
    ['sub', [7, ['bob'], {}]],
  ])('is refused with a %s that is none, and the log names the claim', async (claim, values) => {
    for (const value of values) {
      const verifier = verifierWith({ AUTH_SECRET: SECRET });
      lines.length = 0;
      const forged = `{${JSON.stringify({ ...claims, [claim]: undefined }).slice(1, -1)},"${claim}":${typeof value === 'number' && Math.abs(value) > 1e300 ? (value > 0 ? '1e308' : '-1e308') : JSON.stringify(value)}}`;
      const text = [JSON.stringify(header), forged]
        .map((part) => Buffer.from(part).toString('base64url'))
        .join('.');
      expect(await outcomeOf(verifier, `${text}.${hmac(text)}`)).toBe('unauthorized');
      expect(lines).toEqual([{ message: 'token refused', reason: claim, count: 1 }]);
    }
  });

  it('may be ahead of the clock of the store by the tolerance', async () => {
    expect(await outcomeOf(own, tokenOf({ ...claims, nbf: NOW + 5, iat: NOW + 5 }))).toBe('accepted');
    const strict = verifierWith({ AUTH_SECRET: SECRET, JWT_CLOCK_TOLERANCE_MS: '0' });
    expect(await outcomeOf(strict, tokenOf({ ...claims, iat: NOW + 1 }))).toBe('unauthorized');
  });

  it.each([{ crit: ['exp'] }, { crit: [] }, { kid: 7 }])('is refused with the header %j', async (more) => {
    expect(await outcomeOf(own, forge({ ...header, ...more }, claims, hmac))).toBe('unauthorized');
  });

  it('of a broken payload is refused, a thousand times in one line', async () => {
    const verifier = verifierWith({ AUTH_SECRET: SECRET });
    lines.length = 0;
    const head = Buffer.from(JSON.stringify(header)).toString('base64url');
    for (let i = 0; i < 1000; i += 1)
      expect(await outcomeOf(verifier, `${head}.${Buffer.from('{"sub":').toString('base64url')}.AAAA`)).toBe(
        'unauthorized',
      );
    expect(lines).toHaveLength(1);
  });

  it('names its user in NFC', async () => {
    expect(await own.verify(tokenOf({ ...claims, sub: 'Zoe\u0308' }))).toMatchObject({ userId: 'Zo\u00eb' });
  });

  it.each(['', '{bob}', 'a b', '__proto__', 'x'.repeat(129)])('is refused for the user %j', async (sub) => {
    expect(await outcomeOf(own, tokenOf({ ...claims, sub }))).toBe('unauthorized');
  });

  it.each([undefined, null, '', 7, {}, ['x'], 'x', 'a.b.c', '..', '\0'])('is not %j', async (token) => {
    expect(await outcomeOf(own, token)).toBe('unauthorized');
  });

  it('is refused when it is too long, however good', async () => {
    expect(await outcomeOf(own, tokenOf({ ...claims, more: 'x'.repeat(5000) }))).toBe('accepted');
    expect(await outcomeOf(own, tokenOf({ ...claims, more: 'x'.repeat(12_000) }))).toBe('accepted');
    expect(await outcomeOf(own, tokenOf({ ...claims, more: 'x'.repeat(12_300) }))).toBe('bad_request');
  });

  it('is refused without an expiry, with a wrong one, and without a user', async () => {
    expect(await outcomeOf(own, tokenOf({ sub: 'bob' }))).toBe('unauthorized');
    expect(await outcomeOf(own, tokenOf({ exp: NOW + 60 }))).toBe('unauthorized');
    const hmac = (text: string): string => createHmac('sha256', SECRET).update(text).digest('base64url');
    const header = { alg: 'HS256', typ: 'JWT' };
    expect(await outcomeOf(own, forge(header, claims, hmac))).toBe('accepted');
    for (const exp of ['9999999999', null, true]) {
      expect(await outcomeOf(own, forge(header, { ...claims, exp }, hmac))).toBe('unauthorized');
    }
  });

  it('is refused with any signature but its own', async () => {
    const token = tokenOf();
    expect(await outcomeOf(own, token.slice(0, -2))).toBe('unauthorized');
    expect(await outcomeOf(own, token.slice(0, token.lastIndexOf('.') + 1))).toBe('unauthorized');
    expect(await outcomeOf(own, tokenOf(claims, `${SECRET}!`))).toBe('unauthorized');
    const [, payload] = tokenOf({ ...claims, sub: 'eve' }).split('.');
    expect(await outcomeOf(own, token.split('.').with(1, `${payload}`).join('.'))).toBe('unauthorized');
  });

  it.each(['none', 'None', 'NONE', ''])('is refused when it calls its algorithm %j', async (alg) => {
    expect(
      await outcomeOf(
        own,
        forge({ alg, typ: 'JWT' }, claims, () => ''),
      ),
    ).toBe('unauthorized');
  });

  it('is refused when it is signed by another algorithm with the same key', async () => {
    for (const algorithm of ['HS384', 'HS512'] as const) {
      expect(await outcomeOf(own, tokenOf(claims, SECRET, { algorithm }))).toBe('unauthorized');
    }
  });

  it("promise 8: expires by the store's clock, not by ours", async () => {
    const token = tokenOf();
    const [justBefore, justAfter] = [claims.exp * 1000 - 1500, claims.exp * 1000 + 1500];
    expect(await outcomeOf(verifierWith({ AUTH_SECRET: SECRET }, justBefore), token)).toBe('accepted');
    expect(await outcomeOf(verifierWith({ AUTH_SECRET: SECRET }, justAfter), token)).toBe('unauthorized');
    const storeAhead = verifierWith({ AUTH_SECRET: SECRET }, Date.now() + 7_200_000);
    const byOurClock = tokenOf({ sub: 'bob', exp: Math.floor(Date.now() / 1000) + 3600 });
    await expect(storeAhead.verify(byOurClock)).rejects.toThrow('expired');
  });

  it('is not good before its time', async () => {
    expect(await outcomeOf(own, tokenOf({ ...claims, nbf: NOW + 30 }))).toBe('unauthorized');
  });
});

describe('a token of an outside issuer', () => {
  it('counts as issued as early as it can have been: its clock may be ahead', async () => {
    const { issuedAt } = await verifierWith({ JWT_SECRET: SECRET }).verify(
      tokenOf({ ...claims, iat: NOW + 5 }),
    );
    expect(issuedAt).toBe(STORE_NOW_MS);
  });

  it.each([
    [{ iss: 'eve', aud: 'beeline' }, 'iss'],
    [{ iss: 'issuer', aud: 'other' }, 'aud'],
    [{ iss: 'issuer', aud: 7 }, 'aud'],
  ])('with %j is refused, and the log says which claim it was', async (more, reason) => {
    const verifier = verifierWith({ JWT_SECRET: SECRET, JWT_ISSUER: 'issuer', JWT_AUDIENCE: 'beeline' });
    lines.length = 0;
    const hmac = (text: string): string => createHmac('sha256', SECRET).update(text).digest('base64url');
    expect(await outcomeOf(verifier, forge({ alg: 'HS256', typ: 'JWT' }, { ...claims, ...more }, hmac))).toBe(
      'unauthorized',
    );
    expect(lines).toEqual([{ message: 'token refused', reason, count: 1 }]);
  });

  it('may be signed with a shared secret', async () => {
    const verifier = verifierWith({ JWT_SECRET: SECRET });
    expect(await outcomeOf(verifier, tokenOf())).toBe('accepted');
    expect(await outcomeOf(verifier, tokenOf(claims, `${SECRET}!`))).toBe('unauthorized');
  });

  it('must come from the issuer and be meant for the audience, where these are set', async () => {
    const verifier = verifierWith({ JWT_SECRET: SECRET, JWT_ISSUER: 'issuer', JWT_AUDIENCE: 'beeline' });
    const right = { ...claims, iss: 'issuer', aud: 'beeline' };
    expect(await outcomeOf(verifier, tokenOf(right))).toBe('accepted');
    expect(await outcomeOf(verifier, tokenOf({ ...right, aud: ['other', 'beeline'] }))).toBe('accepted');
    const others = [
      { iss: 'eve' },
      { iss: undefined },
      { aud: 'other' },
      { aud: ['other'] },
      { aud: undefined },
    ];
    for (const other of others) {
      const payload = JSON.parse(JSON.stringify({ ...right, ...other })) as object;
      expect(await outcomeOf(verifier, tokenOf(payload))).toBe('unauthorized');
    }
  });

  it('names its user by another claim where one is set', async () => {
    const verifier = verifierWith({ JWT_SECRET: SECRET, JWT_USER_CLAIM: 'user_id' });
    expect(await verifier.verify(tokenOf({ ...claims, user_id: 'ann' }))).toMatchObject({ userId: 'ann' });
    expect(await outcomeOf(verifier, tokenOf())).toBe('unauthorized');
  });

  it.each([
    ['RSA', rsa, ['RS256', 'RS512', 'PS256'] as const],
    ['EC', ec, ['ES256'] as const],
  ])('may be signed with a key of which we have the public half: %s', async (_kind, pair, algorithms) => {
    const verifier = verifierWith({ JWT_PUBLIC_KEY: pemOf(pair.publicKey) });
    for (const algorithm of algorithms) {
      expect(await outcomeOf(verifier, tokenOf(claims, pair.privateKey, { algorithm }))).toBe('accepted');
    }
    expect(
      await outcomeOf(
        verifier,
        forge({ alg: 'none' }, claims, () => ''),
      ),
    ).toBe('unauthorized');
    expect(await outcomeOf(verifier, tokenOf())).toBe('unauthorized');
  });

  it('is refused when its secret is our public key', async () => {
    for (const { publicKey } of [rsa, ec]) {
      const pem = pemOf(publicKey);
      const verifier = verifierWith({ JWT_PUBLIC_KEY: pem });
      for (const secret of [pem, pem.trim(), pem.trimEnd().replaceAll('\n', '\\n')]) {
        const mac = (text: string): string => createHmac('sha256', secret).update(text).digest('base64url');
        expect(await outcomeOf(verifier, forge({ alg: 'HS256', typ: 'JWT' }, claims, mac))).toBe(
          'unauthorized',
        );
      }
    }
  });

  it('is refused when another key of the kind has signed it', async () => {
    const verifier = verifierWith({ JWT_PUBLIC_KEY: pemOf(rsa.publicKey) });
    const options = { algorithm: 'RS256' } as const;
    expect(await outcomeOf(verifier, tokenOf(claims, otherRsa.privateKey, options))).toBe('unauthorized');
    const ofEc = tokenOf(claims, ec.privateKey, { algorithm: 'ES256' });
    expect(await outcomeOf(verifier, ofEc)).toBe('unauthorized');
  });
});
