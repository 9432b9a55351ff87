import fc from 'fast-check';
import { decode } from 'jsonwebtoken';
import { userIds } from '../../test/support/arbitraries';
import { TokenSigner } from './token-signer';

const SECRET = 'a secret of thirty-two bytes, or more';
const signer = new TokenSigner(SECRET, 'sub');
const refreshTokens = fc.record({
  userId: userIds,
  loginId: fc.stringMatching(/^[A-Za-z0-9_-]{22}$/),
  generation: fc.integer({ min: 1, max: 1_000_000 }),
});

describe('a refresh token', () => {
  it('is read as it was signed', () => {
    fc.assert(
      fc.property(refreshTokens, (token) => {
        expect(signer.readRefresh(signer.signRefresh(token))).toEqual(token);
      }),
    );
  });

  it('is the same for the same login and generation, which is how a repeat gets the same answer', () => {
    fc.assert(
      fc.property(refreshTokens, (token) => {
        expect(signer.signRefresh({ ...token })).toBe(signer.signRefresh(token));
      }),
    );
  });

  it('is refused with any character changed, missing or added', () => {
    const character = fc.constantFrom('a', 'A', '1', '-', '_', '.', '=', ' ', '+', 'é');
    fc.assert(
      fc.property(refreshTokens, fc.nat(), character, (token, at, other) => {
        const text = signer.signRefresh(token);
        const place = at % text.length;
        const changed = [
          text.slice(0, place) + text.slice(place + 1),
          text.slice(0, place) + other + text.slice(place),
          `${text}${other}`,
          ...(text[place] === other ? [] : [text.slice(0, place) + other + text.slice(place + 1)]),
        ];
        for (const spoilt of changed.filter((it) => it !== text)) {
          expect(signer.readRefresh(spoilt)).toBeUndefined();
        }
      }),
    );
  });

  it('is refused where another secret signed it, and so is anything else', () => {
    const other = new TokenSigner(`${SECRET}!`, 'sub');
    fc.assert(
      fc.property(refreshTokens, fc.string({ unit: 'binary' }), (token, text) => {
        expect(signer.readRefresh(other.signRefresh(token))).toBeUndefined();
        expect(signer.readRefresh(text)).toBeUndefined();
      }),
    );
  });
});

describe('an access token', () => {
  it('says who, since which millisecond, until when in whole seconds, and what it was told to', () => {
    const named = new TokenSigner(SECRET, 'user_id');
    const token = named.signAccess('bob', 1_700_000_000_999, 1500, { sid: 'login' });
    expect(decode(token, { complete: true })).toMatchObject({
      header: { alg: 'HS256', typ: 'JWT' },
      payload: { user_id: 'bob', iat: 1_700_000_000.999, exp: 1_700_000_003, sid: 'login' },
    });
  });

  it('is the same for the same login and time', () => {
    const signed = (): string => signer.signAccess('bob', 5000, 1000, { sid: 'x' });
    expect(signed()).toBe(signed());
  });

  it('lets no claim stand in for the user', () => {
    expect(decode(signer.signAccess('bob', 0, 1000, { sub: 'eve' }))).toMatchObject({ sub: 'bob' });
  });
});
