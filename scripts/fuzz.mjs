/** `npm run test:fuzz -- [--events 100000] [--seed N]`: random events from several connections on three nodes. */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { ensurePackages, ensureProgram, requireNode } from './lib/setup.mjs';

const { values } = parseArgs({
  options: { events: { type: 'string' }, seed: { type: 'string' } },
});

requireNode();
ensurePackages();
ensureProgram('redis-server', 'redis-server');

const { status } = spawnSync(
  'node_modules/.bin/jest',
  ['--runInBand', 'test/fuzz/', '--selectProjects', 'system'],
  {
    stdio: 'inherit',
    env: {
      ...process.env,
      FUZZ_EVENTS: values.events ?? process.env.FUZZ_EVENTS ?? '100000',
      ...(values.seed && { FUZZ_SEED: values.seed }),
    },
  },
);
process.exit(status ?? 1);
