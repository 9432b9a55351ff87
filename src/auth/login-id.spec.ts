import fc from 'fast-check';
import { opaqueLoginId } from './login-id';

describe("a login's name in a key", () => {
  it('is its own where that is fit for a key', () => {
    for (const text of ['a', 'h-1', '0199_-Z', 'x'.repeat(64)]) expect(opaqueLoginId(text)).toBe(text);
  });

  it('is always fit for a key', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(opaqueLoginId(text)).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
      }),
    );
    for (const text of ['', '{other}', 'a/b', 'a:b', 'a\n', 'x'.repeat(65)]) {
      expect(opaqueLoginId(text)).toMatch(/^h-[A-Za-z0-9_-]{43}$/);
    }
  });

  it('differs where the texts do, and is the same where they are', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (one, other) => {
        expect(opaqueLoginId(one) === opaqueLoginId(other)).toBe(one === other);
        expect(opaqueLoginId(one)).toBe(opaqueLoginId(`${one}`));
      }),
    );
  });
});
