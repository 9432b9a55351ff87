import fc from 'fast-check';
import { isOpaqueId, parseChannel, parseClientId, parseDeviceId, parseUserId } from './ids';

const NOT_TEXT = [undefined, null, 1, true, ['bob'], { toString: () => 'bob' }];
const BAD_IDS = [
  '',
  ' ',
  'a b',
  'a/b',
  '{a}',
  'a}',
  'a\n',
  '\ta',
  'a\0',
  'a"b',
  'a\\b',
  "a'b",
  'a,b',
  '\u202ea',
  '\ud800',
  '😀',
];

describe('ids', () => {
  it.each([
    'a',
    'Alice',
    'a.b@c:d|e+f-g_h',
    'ж',
    '漢字',
    '٣',
    'constructor',
    'a'.repeat(128),
    '𝒳'.repeat(128),
  ])('of users and devices may be %s', (id) => {
    expect(parseUserId(id)).toBe(id);
    expect(parseDeviceId(id)).toBe(id);
  });

  it.each([...NOT_TEXT, ...BAD_IDS, '__proto__', 'a'.repeat(129), '𝒳'.repeat(129)])('are not %j', (value) => {
    expect(parseUserId(value)).toBeUndefined();
    expect(parseDeviceId(value)).toBeUndefined();
    expect(parseClientId(value)).toBeUndefined();
  });

  it('are the same however they were composed', () => {
    expect(parseUserId('Zoe\u0308')).toBe('Zo\u00eb');
    expect(parseUserId('e\u0301'.repeat(128))).toBe('\u00e9'.repeat(128));
  });

  it('of clients are at most 64 characters, whatever these are', () => {
    for (const character of ['a', 'é', '𝒳']) {
      expect(parseClientId(character.repeat(64))).toBe(character.repeat(64));
      expect(parseClientId(character.repeat(65))).toBeUndefined();
    }
  });

  it('never let through what would break a key, a header or JSON', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const id = parseUserId(text) ?? '';
        expect(id).not.toMatch(/[{}/\s"\\,]|\p{C}/u);
        expect(parseUserId(id)).toBe(id === '' ? undefined : id);
      }),
    );
  });
});

describe('channels', () => {
  it.each(['chat', 'a', '0', 'a-b_c', 'x'.repeat(32)])('may be %s', (name) => {
    expect(parseChannel(name)).toBe(name);
  });

  it.each([...NOT_TEXT, '', 'Chat', 'a.b', 'a:b', 'é', 'chat\n', 'x'.repeat(33)])('are not %j', (value) => {
    expect(parseChannel(value)).toBeUndefined();
  });
});

describe('ids that nodes make', () => {
  it.each(['a', 'A_-9', 'x'.repeat(64)])('may be %s', (id) => expect(isOpaqueId(id)).toBe(true));
  it.each(['', 'a,b', 'a\t', 'a\n', 'a b', 'é', 'x'.repeat(65)])('are not %j', (id) =>
    expect(isOpaqueId(id)).toBe(false),
  );
});
