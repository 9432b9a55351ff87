/** A word in every bad text: no answer may contain it, since no answer may repeat what was sent. */
export const MARK = 'zqxj';

/** A field's value that must be refused, and a name for it. */
export type BadValue = readonly [name: string, value: unknown];

/** JSON of every type but the one that is right. */
const TYPES = {
  string: ['text', MARK],
  number: ['a number', 7],
  boolean: ['true', true],
  object: ['an object', { [MARK]: MARK }],
  array: ['an array', [MARK]],
  null: ['null', null],
} as const;

export function typesBut(...right: (keyof typeof TYPES)[]): BadValue[] {
  return Object.entries(TYPES)
    .filter(([type]) => !right.includes(type as keyof typeof TYPES))
    .map(([, value]) => value);
}

const nested = (depth: number): unknown => JSON.parse('['.repeat(depth) + ']'.repeat(depth)) as unknown;

/** As JSON.parse makes it: an own property, where a literal would set the prototype. */
export const withOwnProto = (value: unknown): unknown =>
  JSON.parse(`{"__proto__":${JSON.stringify(value)}}`) as unknown;

const textsOfNoId = (maxLength: number): BadValue[] => [
  ['an empty string', ''],
  ['one character too many', 'z'.repeat(maxLength + 1)],
  ['braces', `{${MARK}}`],
  ['a slash', `${MARK}/${MARK}`],
  ['a blank', `${MARK} ${MARK}`],
  ['a tab', `${MARK}\t`],
  ['a line break', `${MARK}\n`],
  ['a control character', `${MARK}\u0000`],
  ['a quote', `${MARK}"`],
  ['an emoji', `${MARK}🐝`],
  ['half a surrogate pair', `${MARK}\ud800`],
  ['a mark at the beginning', `\u0301${MARK}`],
  ['what shows nothing', '\u3164'],
  ['an invisible letter', `${MARK}\uffa0`],
  ['__proto__', '__proto__'],
];

export const BAD_IDS: BadValue[] = [...typesBut('string'), ...textsOfNoId(128)];
export const BAD_CLIENT_IDS: BadValue[] = [...typesBut('string'), ...textsOfNoId(64)];

export const BAD_CHANNELS: BadValue[] = [
  ...typesBut('string'),
  ['an empty string', ''],
  ['one character too many', 'z'.repeat(33)],
  ['a capital', 'Zqxj'],
  ['braces', `{${MARK}}`],
  ['a slash', `${MARK}/${MARK}`],
  ['a line break', `${MARK}\n`],
  ['a letter beyond ASCII', `${MARK}é`],
];

export const BAD_FLAGS: BadValue[] = typesBut('boolean');

export const BAD_OFFSETS: BadValue[] = [
  ...typesBut('string'),
  ['text', MARK],
  ['an empty string', ''],
  ['one number', '17'],
  ['half an offset', '17-'],
  ['a negative number', '-17-0'],
  ['three numbers', '17-0-0'],
  ['a number too long', '12345678901234567-0'],
  ['a blank', ' 17-0'],
  ['a line break', '17-0\n'],
  ['a fraction', '1.5-0'],
  ['an exponent', '1e3-0'],
  ['digits beyond ASCII', '١-٠'],
];

export const BAD_LIMITS: BadValue[] = [
  ...typesBut('number'),
  ['zero', 0],
  ['a negative number', -1],
  ['a fraction', 1.5],
  ['one too many', 201],
  ['a huge number', 1e300],
  ['a number as text', '10'],
  ['what JSON makes of NaN', NaN],
];

export const BAD_USERS: BadValue[] = [
  ...typesBut('array'),
  ['no user', []],
  ['one user too many', Array.from({ length: 201 }, (_, i) => `user-${i}`)],
  ['what looks like an array', { 0: 'alice', length: 1 }],
  ['an array in an array', [['alice']]],
  ['deep nesting', nested(1000)],
  ...BAD_IDS.map(([name, value]): BadValue => [`${name} among users`, ['alice', value]]),
];

export const BAD_BODIES: BadValue[] = [
  ['nesting of 65 arrays', nested(65)],
  ['nesting of 1000 arrays', nested(1000)],
  ['nesting of objects', JSON.parse(`${'{"a":'.repeat(100)}1${'}'.repeat(100)}`)],
];

/** What is sent in place of a whole payload. */
export const BAD_PAYLOADS: BadValue[] = [
  ...typesBut('object'),
  ['an empty object', {}],
  ['deep nesting', nested(1000)],
  ['all fields under __proto__', withOwnProto({ to: 'alice', body: MARK, clientId: 'c', users: ['alice'] })],
];
