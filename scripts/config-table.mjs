/**
 * Writes the README's configuration table and `.env.example` as the code has them: `node scripts/config-table.mjs`,
 * after a build. A test holds them against the code.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { SETTINGS } from '../dist/config/index.js';

/** What a node can not start without. */
const NEEDED = { REDIS_URL: 'redis://127.0.0.1:6379', AUTH_SECRET: '' };

const settings = Object.values(SETTINGS);
const table = ['| Variable | Default | Meaning |', '| --- | --- | --- |', ...settings.map(tableRow)].join(
  '\n',
);
const readme = readFileSync('README.md', 'utf8');
writeFileSync(
  'README.md',
  readme.replace(
    /(<!-- configuration -->)[^]*(<!-- \/configuration -->)/,
    (_all, begin, end) => `${begin}\n<!-- prettier-ignore -->\n${table}\n\n${end}`,
  ),
);
const header = readFileSync('.env.example', 'utf8').split('\n\n', 1)[0];
writeFileSync('.env.example', `${header}\n\n${settings.map(envLines).join('\n\n')}\n`);

function tableRow({ variable, fallback, meaning }) {
  return `| \`${variable}\` | ${printDefault(variable, fallback)} | ${meaning} |`;
}

function printDefault(variable, fallback) {
  if (variable === 'NODE_NAME') return 'host name';
  return fallback ? `\`${fallback}\`` : '–';
}

function envLines({ variable, fallback, meaning }) {
  const needed = NEEDED[variable];
  const value = variable === 'NODE_NAME' ? '' : (fallback ?? '');
  return `# ${meaning}\n${needed === undefined ? `# ${variable}=${value}` : `${variable}=${needed}`}`;
}
