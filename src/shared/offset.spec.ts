import fc from 'fast-check';
import { compareOffsets, type Offset, parseOffset } from './offset';

const digits = fc.bigInt({ min: 0n, max: 9_999_999_999_999_999n });

describe('offsets', () => {
  it('compare by their two numbers, never as text', () => {
    fc.assert(
      fc.property(digits, digits, digits, digits, (aMs, aN, bMs, bN) => {
        const expected =
          aMs === bMs ? Number(aN > bN) - Number(aN < bN) : Number(aMs > bMs) - Number(aMs < bMs);
        expect(Math.sign(compareOffsets(`${aMs}-${aN}` as Offset, `${bMs}-${bN}` as Offset))).toBe(expected);
      }),
    );
  });

  it.each(['', '1', '1-', '-1', '1-2-3', '12345678901234567-0', ' 1-0', '1-0\n', '1.0-0', 1, null, ['1-0']])(
    'are not %p',
    (value) => {
      expect(parseOffset(value)).toBeUndefined();
    },
  );

  it('have one form each', () => {
    expect(parseOffset('007-000')).toBe('7-0');
    expect(parseOffset('0-0')).toBe('0-0');
  });
});
