/**
 * Prints the rows of the README's configuration table, as the code has them: `node scripts/config-table.mjs`,
 * after a build. With `--env` it prints `.env.example` instead.
 */
import { parseArgs } from 'node:util';
import { SETTINGS } from '../dist/config/index.js';

const { values } = parseArgs({ options: { env: { type: 'boolean', default: false } } });
/** What a node can not start without. */
const NEEDED = { REDIS_URL: 'redis://127.0.0.1:6379', AUTH_SECRET: '' };

const settings = Object.values(SETTINGS);
console.log(values.env ? settings.map(envLines).join('\n\n') : settings.map(tableRow).join('\n'));

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
