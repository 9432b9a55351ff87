import fc from 'fast-check';
import { isPlainObject, printJson, problemOfJson } from './json';

function nested(depth: number, wrap: (inner: unknown) => unknown): unknown {
  let value: unknown = 1;
  for (let i = 0; i < depth; i += 1) value = wrap(value);
  return value;
}

describe('JSON values', () => {
  it('may be whatever JSON.parse gives', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 10 }), (value) => {
        expect(problemOfJson(value)).toBeUndefined();
        expect(problemOfJson(JSON.parse(JSON.stringify(value)))).toBeUndefined();
      }),
    );
  });

  it.each([
    ['arrays', (inner: unknown) => [inner]],
    ['objects', (inner: unknown) => ({ inner })],
    ['both', (inner: unknown) => [{ inner }]],
  ])('are bounded in depth: %s', (_what, wrap) => {
    const step = Array.isArray(wrap(0)) && typeof (wrap(0) as unknown[])[0] === 'object' ? 2 : 1;
    expect(problemOfJson(nested(64 / step, wrap))).toBeUndefined();
    expect(problemOfJson(nested(64 / step + 1, wrap))).toMatch('nested');
    expect(problemOfJson(nested(100_000, wrap))).toMatch('nested');
  });

  it.each([
    ['undefined', undefined],
    ['a function', () => 1],
    ['a bigint', 1n],
    ['a symbol', Symbol('x')],
    ['NaN', Number.NaN],
    ['infinity', Number.POSITIVE_INFINITY],
    ['a buffer', Buffer.from('x')],
    ['an array buffer', new ArrayBuffer(1)],
  ])('are not %s, alone or inside', (_what, value) => {
    expect(problemOfJson(value)).toBeDefined();
    expect(problemOfJson([1, { inner: [value] }])).toBeDefined();
  });

  it('that are plain objects are neither null nor lists nor binary', () => {
    expect([{}, JSON.parse('{"__proto__":1}')].every(isPlainObject)).toBe(true);
    expect([null, undefined, [], 'a', 1, true, Buffer.from('x')].some(isPlainObject)).toBe(false);
  });
});

describe('printed JSON', () => {
  it.each<[unknown, unknown]>([
    ['\ud800', '\ufffd'],
    ['a\udc00b\ud83d', 'a\ufffdb\ufffd'],
    [{ 'k\ud800': ['\udfff'] }, { 'k\ufffd': ['\ufffd'] }],
    ['🐝 \u0000 \\ud800 \\\ud800', '🐝 \u0000 \\ud800 \\\ufffd'],
  ])('of %j holds no half of a surrogate pair', (value, read) => {
    expect(JSON.parse(printJson(value))).toEqual(read);
  });

  it('reads back as it was, but for these halves', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) =>
        expect(JSON.parse(printJson(value))).toEqual(JSON.parse(JSON.stringify(value))),
      ),
    );
    fc.assert(
      fc.property(fc.array(fc.nat(0xffff)), (units) => {
        const text = String.fromCharCode(...units);
        expect(JSON.parse(printJson(text))).toBe(Buffer.from(text).toString());
      }),
    );
  });
});
