/**
 * `npm run test:faults -- [--minutes 30] [--seed N] [--store redis] [--save]`: the scenarios of the fault
 * suite, and with minutes the heavy ones and random schedules as well, these on one server, a `cluster`, or the
 * `embedded` store. `--save` keeps the table in test/faults/results.json.
 */
import { parseArgs } from 'node:util';
import { build } from './lib/build.mjs';
import { runTool } from './lib/programs.mjs';
import { ensurePackages, ensureProgram, requireNode } from './lib/setup.mjs';

const { values, positionals } = parseArgs({
  options: {
    minutes: { type: 'string', default: '0' },
    seed: { type: 'string' },
    store: { type: 'string', default: 'redis' },
    save: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});

requireNode();
ensurePackages();
ensureProgram('redis-server', 'redis-server');
if (Number(values.minutes) > 0) ensureProgram('faketime', 'faketime');
build();

const { status } = runTool(
  'jest',
  ['--runInBand', '--testPathPatterns', ...(positionals.length > 0 ? positionals : ['test/faults/'])],
  {
    env: {
      ...process.env,
      FAULT_MINUTES: values.minutes,
      FAULT_STORE: values.store,
      ...(values.seed && { FAULT_SEED: values.seed }),
      ...(values.save && { FAULT_SAVE: '1' }),
    },
  },
);
process.exit(status ?? 1);
