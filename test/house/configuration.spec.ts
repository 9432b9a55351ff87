import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SETTINGS } from '../../src/config';

const ROOT = join(__dirname, '../..');
const settings = Object.values(SETTINGS);
const variables = settings.map(({ variable }) => variable);

/** What stands between the two markers of the README. */
function tableInReadme(): string[] {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const [, table, ...others] = readme.split(/<!-- \/?configuration -->/);
  expect(table).toBeDefined();
  expect(others).toHaveLength(1);
  const lines = table?.split('\n').filter((line) => line.startsWith('| `')) ?? [];
  // A formatter may have lined the columns up.
  return lines.map((line) => line.replace(/ +\|/g, ' |'));
}

function defaultOf({ variable, fallback }: { variable: string; fallback: string | undefined }): string {
  if (variable === 'NODE_NAME') return 'host name';
  return fallback ? `\`${fallback}\`` : '–';
}

describe('the configuration table of the README', () => {
  const rows = tableInReadme();

  it.each(settings.map((setting) => [setting.variable, setting]))(
    'has %s as the code has it',
    (variable, setting) => {
      const mine = rows.filter((row) => row.startsWith(`| \`${variable}\` |`));
      expect(mine).toEqual([`| \`${variable}\` | ${defaultOf(setting)} | ${setting.meaning} |`]);
    },
  );

  it('has nothing else', () => {
    expect(rows.map((row) => /^\| `(\w+)` \|/.exec(row)?.[1])).toEqual(expect.arrayContaining(variables));
    expect(rows).toHaveLength(variables.length);
  });
});

describe('.env.example', () => {
  const example = readFileSync(join(ROOT, '.env.example'), 'utf8');
  const named = [...example.matchAll(/^(?:# ?)?([A-Z][A-Z0-9_]*)=/gm)].map((match) => match[1]);

  it('names every setting, each once, and nothing else', () => {
    expect(named).toEqual(expect.arrayContaining(variables));
    expect(named).toHaveLength(variables.length);
  });
});
