import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(__dirname, '../..');

/** Hands over what others say: Nest's own lines have no fixed words. */
const PASSES_ON = 'nest-logger.ts';

/** Every call that writes a line: its level and its words, which are the last argument. */
function linesInCode(): string[] {
  const files = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !file.endsWith('.spec.ts') && !file.endsWith(PASSES_ON),
  );
  return files.flatMap((file) => {
    const text = readFileSync(join(ROOT, 'src', file), 'utf8');
    return [...text.matchAll(/\blogger\.(error|warn|info|debug)\(/g)].map(
      ({ 1: level = '', index, 0: call }) => {
        const words = wordsOf(text, index + call.length);
        if (words === undefined)
          throw new Error(`${file}: a line without words of its own, or with made-up ones`);
        return `${level}: ${words}`;
      },
    );
  });
}

/** The string just before the parenthesis that closes the call. */
function wordsOf(text: string, start: number): string | undefined {
  let depth = 1;
  let end = start;
  for (; depth > 0; end += 1) depth += text[end] === '(' ? 1 : text[end] === ')' ? -1 : 0;
  return /'([^'\n]+)',?\s*\)$/.exec(text.slice(start, end))?.[1];
}

/** Rows of the table in docs/logging.md: level, words, fields, meaning. */
function linesInDocs(): string[] {
  const text = readFileSync(join(ROOT, 'docs/logging.md'), 'utf8');
  return [...text.matchAll(/^\| (error|warn|info|debug) +\| `([^`]+)` +\|/gm)].map(
    ([, level, words]) => `${level}: ${words}`,
  );
}

describe('docs/logging.md', () => {
  it('has every line that a node writes, under its level, and no other', () => {
    expect(linesInCode().length).toBeGreaterThan(40);
    expect(linesInDocs().toSorted()).toEqual([...new Set(linesInCode())].toSorted());
  });
});
