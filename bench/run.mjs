/**
 * `npm run bench`: what Beeline costs beside what else one could take. Saves every sample in bench/results.json and
 * writes bench/results.md and bench/plots from all that is saved. See bench/README.md.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from '../scripts/lib/build.mjs';
import { PARTS, SHORT } from './lib/plan.mjs';
import { drawPlots } from './lib/plots.mjs';
import { reached } from './lib/reach.mjs';
import { reachLines, render } from './lib/render.mjs';
import { Results } from './lib/results.mjs';
import { playRounds } from './lib/rounds.mjs';
import { scopeOf } from './lib/scope.mjs';

const { values } = parseArgs({
  options: {
    full: { type: 'boolean', default: false },
    only: { type: 'string' },
    match: { type: 'string', default: '' },
    rounds: { type: 'string' },
    run: { type: 'string' },
    tiny: { type: 'boolean', default: false },
    render: { type: 'boolean', default: false },
  },
});

const parts = values.only?.split(',') ?? (values.full ? Object.keys(PARTS) : ['short']);
const unknown = parts.filter((name) => name !== 'short' && PARTS[name] === undefined);
if (unknown.length > 0) {
  console.error(`--only knows ${Object.keys(PARTS).join(', ')}; not ${unknown.join(', ')}`);
  process.exit(2);
}

const scope = scopeOf(values);
const isShort = parts.includes('short');
const rounds = Number(values.rounds ?? (isShort ? scope.shortRounds : scope.rounds));
if (!Number.isInteger(rounds) || rounds < 1) {
  console.error(`--rounds must be a whole number from 1, not ${values.rounds}`);
  process.exit(2);
}

const pattern = new RegExp(values.match);
const isWanted = ({ scenario, target, nodes }) => pattern.test(`${scenario}/${target}/${nodes}`);

/** What was only tried is kept apart from what was measured. */
const directory = values.tiny ? 'node_modules/.cache/beeline-bench/tiny' : 'bench';
mkdirSync(directory, { recursive: true });
const results = new Results(join(directory, 'results.json'), values.run);

if (!values.render) {
  build();
  console.log(`Run "${results.run}"; stopped, it goes on where it was.`);
  for (const name of parts) {
    const cases = (PARTS[name] ?? SHORT)(scope).filter(isWanted);
    await playRounds(results, cases, rounds);
  }
}

const figures = reached(results.rows);
writeFileSync(join(directory, 'results.md'), `${render(results.rows, figures)}\n`);
drawPlots(results.rows, join(directory, 'plots'));
if (parts.includes('reach')) {
  console.table(
    reachLines(figures).map(([figure, reach, ratio, spread, called, pairs, holds]) => ({
      figure,
      reach,
      'median of pairs': ratio,
      'lowest–highest': spread,
      called,
      pairs,
      holds,
    })),
  );
}
console.log(`Written: ${join(directory, 'results.md')}`);
process.exit(0);
