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
  'a,b',
  '\u202ea',
  '\ud800',
  '😀',
  // Begin with a mark.
  '\u0301a',
  '\u093fa',
  // Show nothing, alone or beside a name.
  '\u3164',
  'alice\uffa0',
  'a\u115f',
  'a\u1160',
  'a\u034f',
  'a\ufe0f',
  'a\u{e0100}',
  'a\u200d',
];

/** By the classes of Unicode, each asked for by itself. */
function isNameByTables(code: number): boolean {
  const character = String.fromCodePoint(code);
  if ("_.@:|+-'=~".includes(character)) return true;
  if (/\p{Default_Ignorable_Code_Point}/u.test(character)) return false;
  return [/\p{Letter}/u, /\p{Mark}/u, /\p{Number}/u].some((kind) => kind.test(character));
}

describe('ids', () => {
  it.each([
    'a',
    'Alice',
    'a.b@c:d|e+f-g_h',
    'ж',
    '漢字',
    '٣',
    'constructor',
    "O'Brien=~",
    'हिन्दी',
    'தமிழ்',
    'ไทยดี',
    'বাংলা',
    'မြန်မာ',
    'שָׁלוֹם'.normalize('NFC'),
    'a'.repeat(128),
    '𝒳'.repeat(64),
  ])('of users and devices may be %s', (id) => {
    expect(parseUserId(id)).toBe(id);
    expect(parseDeviceId(id)).toBe(id);
  });

  it.each([...NOT_TEXT, ...BAD_IDS, '__proto__', 'a'.repeat(129), '𝒳'.repeat(65)])('are not %j', (value) => {
    expect(parseUserId(value)).toBeUndefined();
    expect(parseDeviceId(value)).toBeUndefined();
    expect(parseClientId(value)).toBeUndefined();
  });

  it('are the same however they were composed', () => {
    expect(parseUserId('Zoe\u0308')).toBe('Zo\u00eb');
    expect(parseUserId('e\u0301'.repeat(64))).toBe('\u00e9'.repeat(64));
  });

  it('of clients are at most 64 UTF-16 units, whatever these are', () => {
    for (const character of ['a', 'é', '𝒳']) {
      const most = character.repeat(64 / character.length);
      expect(parseClientId(most)).toBe(most);
      expect(parseClientId(`${most}a`)).toBeUndefined();
    }
  });

  it('are as long as they were sent, and as they are kept: NFC can lengthen them', () => {
    expect(parseUserId('e\u0301'.repeat(65))).toBeUndefined();
    expect(parseUserId('\u0958'.repeat(64))).toBe('\u0915\u093c'.repeat(64));
    expect(parseUserId('\u0958'.repeat(65))).toBeUndefined();
  });

  it('are refused by their length before they are normalised, which would take minutes', () => {
    const startedMs = performance.now();
    const marks = `a${'\u0301'.repeat(100_000)}${'\u0334'.repeat(100_000)}`;
    for (const parse of [parseUserId, parseDeviceId, parseClientId]) expect(parse(marks)).toBeUndefined();
    expect(performance.now() - startedMs).toBeLessThan(1000);
  });

  it("agree with Unicode's own tables, code point by code point", () => {
    const wrong: string[] = [];
    for (let code = 0; code <= 0x10ffff; code += 1) {
      const text = `a${String.fromCodePoint(code)}`;
      const isRight = isNameByTables(code);
      if ((parseUserId(text) === text.normalize('NFC')) !== isRight) wrong.push(code.toString(16));
    }
    expect(wrong).toEqual([]);
  });

  it('never let through what would break a key, a header or JSON', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const id = parseUserId(text) ?? '';
        expect(id).not.toMatch(/[{}/\s"\\,]|\p{C}|\p{Default_Ignorable_Code_Point}|^\p{M}/u);
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
