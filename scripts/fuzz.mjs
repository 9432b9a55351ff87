/** `npm run test:fuzz -- [--events 100000] [--seed N]`: random events from several connections on three nodes. */
import { parseArgs } from 'node:util';
import { runTool } from './lib/programs.mjs';
import { ensurePackages, ensureProgram, requireNode } from './lib/setup.mjs';

const { values } = parseArgs({
  options: { events: { type: 'string' }, seed: { type: 'string' } },
});

requireNode();
ensurePackages();
ensureProgram('redis-server', 'redis-server');

const { status } = runTool('jest', ['--runInBand', 'test/fuzz/', '--selectProjects', 'system'], {
  env: {
    ...process.env,
    FUZZ_EVENTS: values.events ?? process.env.FUZZ_EVENTS ?? '100000',
    ...(values.seed && { FUZZ_SEED: values.seed }),
  },
});
process.exit(status ?? 1);
