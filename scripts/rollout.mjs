/**
 * `npm run test:rollout -- [--short] [--save]`: 300 clients on four nodes behind HAProxy while every node is replaced,
 * two are taken away and one is killed. `--short` does it with 40 clients, as `npm test` does; `--save` writes the
 * table into docs/operations.md.
 */
import { parseArgs } from 'node:util';
import { build } from './lib/build.mjs';
import { runTool } from './lib/programs.mjs';
import { ensurePackages, ensureProgram, requireNode } from './lib/setup.mjs';

const { values } = parseArgs({
  options: { short: { type: 'boolean', default: false }, save: { type: 'boolean', default: false } },
});

requireNode();
ensurePackages();
ensureProgram('redis-server', 'redis-server');
ensureProgram('haproxy', 'haproxy');
build();

const { status } = runTool('jest', ['--selectProjects', 'rollout', '--runInBand'], {
  env: {
    ...process.env,
    ...(values.short ? {} : { ROLLOUT: 'full' }),
    ...(values.save && { ROLLOUT_SAVE: '1' }),
  },
});
process.exit(status ?? 1);
