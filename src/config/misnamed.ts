import { SETTINGS } from './settings';

const KNOWN = Object.values(SETTINGS).map(({ variable }) => variable);
/** Names of four or five letters are next to many words. */
const LETTERS_PER_SLIP = 5;
const MOST_SLIPS = 2;

/** A variable that is no setting, and the setting that was probably meant. */
export interface Misnamed {
  variable: string;
  meant: string;
}

/**
 * Variables that look like settings of ours and count for nothing: a slip of the pen (`REDIS_URI`), a word left out or
 * one too many (`INBOX_TTL`, `AUTH_SECRET_FILE`).
 */
export function misnamedIn(environment: Readonly<Record<string, string | undefined>>): Misnamed[] {
  return Object.keys(environment)
    .filter((variable) => environment[variable]?.trim() && !KNOWN.includes(variable))
    .flatMap((variable) => {
      const meant = KNOWN.find((known) => isLike(variable.toUpperCase(), known));
      return meant === undefined ? [] : [{ variable, meant }];
    });
}

/** A hint for whoever set it. */
export function inWords({ variable, meant }: Misnamed): string {
  return `${variable} is no setting: is ${meant} meant?`;
}

function isLike(variable: string, known: string): boolean {
  const [given, words] = [variable.split('_'), known.split('_')];
  if (given.length > 1 && words.length > 1) {
    if (given.every((word) => words.includes(word)) || words.every((word) => given.includes(word)))
      return true;
  }
  const slips = Math.min(MOST_SLIPS, Math.floor(known.length / LETTERS_PER_SLIP));
  return distance(variable, known, slips) <= slips;
}

/** Letters to change, leave out or put in until one is the other; anything above `most` where it is more. */
function distance(a: string, b: string, most: number): number {
  if (Math.abs(a.length - b.length) > most) return most + 1;
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? most + 1;
}
