import fc from 'fast-check';
import { isSealed, seal, unseal } from './seal';

describe('a seal', () => {
  const text = fc.string({ unit: 'binary', maxLength: 200 });

  it('gives back the text, under its own key', () => {
    fc.assert(
      fc.property(text, text, (key, value) => {
        expect(isSealed(seal(key, value))).toBe(true);
        expect(unseal(key, seal(key, value))).toBe(value);
      }),
    );
  });

  it('breaks with any bit of the value or of the key', () => {
    fc.assert(
      fc.property(text, text, fc.nat(), fc.nat({ max: 7 }), (key, value, place, bit) => {
        const sealed = seal(key, value);
        const damaged = flipped(sealed, place, bit);
        expect(damaged === sealed ? undefined : unseal(key, damaged)).toBeUndefined();
        const otherKey = flipped(`k${key}`, place, bit);
        expect(unseal(otherKey, seal(`k${key}`, value))).toBeUndefined();
      }),
    );
  });

  it('is not there where a value has none', () => {
    for (const value of ['', '{}', '1-0 0-0 1 0 {}']) {
      expect(isSealed(value)).toBe(false);
      expect(unseal('key', value)).toBeUndefined();
    }
  });
});

/** As it is read back from the disk: what is no UTF-8 any more becomes U+FFFD. */
function flipped(value: string, place: number, bit: number): string {
  const bytes = Buffer.from(value);
  const at = place % bytes.length;
  bytes[at] = (bytes[at] ?? 0) ^ (1 << bit);
  return bytes.toString('utf8');
}
