import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '../..');
const PROMISES = 8;

/** Rows of the table in docs/reliability.md: the number of a promise and the files that try it. */
function rows(): [number, string[]][] {
  const text = readFileSync(join(ROOT, 'docs/reliability.md'), 'utf8');
  return [...text.matchAll(/^\| (\d) \| [^|]+ \| ([^|]+) \|$/gm)].map(([, number, files = '']) => [
    Number(number),
    [...files.matchAll(/\]\(\.\.\/([^)]+)\)/g)].map(([, file = '']) => file),
  ]);
}

describe('the promises of the design', () => {
  it('are all in the table, in order', () => {
    expect(rows().map(([number]) => number)).toEqual(Array.from({ length: PROMISES }, (_, i) => i + 1));
  });

  it.each(rows())('%i is tried, under its number, where the table says', (number, files) => {
    expect(files).not.toEqual([]);
    for (const file of files) {
      expect(readFileSync(join(ROOT, file), 'utf8')).toMatch(
        new RegExp(`['"\`]promises? [\\d, and]*${number}\\b`),
      );
    }
  });
});
