declare const brand: unique symbol;

/**
 * A message's place in one inbox: `<ms>-<n>`, without leading zeros. Made by the append script from the
 * store's clock, so that offsets order messages and tell when each was sent.
 */
export type Offset = string & { readonly [brand]: 'Offset' };

/** The beginning: a cursor not set, the last offset of an empty inbox. */
export const BEGINNING = '0-0' as Offset;

const PATTERN = /^0*(\d{1,16})-0*(\d{1,16})$/;
const SHAPE = /^\d{1,16}-\d{1,16}$/;

/** Returns the canonical form (no leading zeros), or undefined where the value is no offset. */
export function parseOffset(value: unknown): Offset | undefined {
  if (typeof value !== 'string' || !SHAPE.test(value)) return undefined;
  const match = PATTERN.exec(value);
  return match ? (`${match[1]}-${match[2]}` as Offset) : undefined;
}

/**
 * Negative where a comes before b, 0 where equal, positive where after. By the number before the dash, then
 * by the one after it. Sixteen digits do not fit a double: canonical numbers are compared by length, then as text.
 */
export function compareOffsets(a: Offset, b: Offset): number {
  if (a === b) return 0;
  const dashA = a.indexOf('-');
  const dashB = b.indexOf('-');
  return (
    compareDigits(a.slice(0, dashA), b.slice(0, dashB)) ||
    compareDigits(a.slice(dashA + 1), b.slice(dashB + 1))
  );
}

function compareDigits(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

export function isAfter(a: Offset, b: Offset): boolean {
  return compareOffsets(a, b) > 0;
}

export function laterOf(a: Offset, b: Offset): Offset {
  return isAfter(a, b) ? a : b;
}

/** How far a cursor is to move: to an offset, or to the last message, whatever that is. */
export type UpTo = Offset | 'last';

export function parseUpTo(value: unknown): UpTo | undefined {
  return value === 'last' ? value : parseOffset(value);
}

export function furtherOf(a: UpTo, b: UpTo): UpTo {
  return a === 'last' || b === 'last' ? 'last' : laterOf(a, b);
}

/** When the message at this offset was sent, by the store's clock, in Unix ms. */
export function sentAtOf(offset: Offset): number {
  return Number(offset.slice(0, offset.indexOf('-')));
}
