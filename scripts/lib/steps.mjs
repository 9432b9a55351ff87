/** The steps of the gate, and how a list of steps is run and reported. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { toolCommand } from './programs.mjs';

/** What has been looked at and has not changed since is not looked at again. */
const TYPES_CACHE = 'node_modules/.cache/types.tsbuildinfo';

export const CHECK_STEPS = [
  {
    name: 'format',
    command: ['prettier', '--check', '--cache', '--cache-strategy', 'content', '--log-level', 'warn', '.'],
  },
  { name: 'lint', command: ['oxlint', '--type-aware', '--deny-warnings', 'src', 'test'] },
  {
    name: 'lint scripts and page',
    command: ['oxlint', '--deny-warnings', 'scripts', 'bench', 'public', 'examples'],
  },
  {
    name: 'types',
    command: ['tsc', '--noEmit', '-p', 'tsconfig.json', '--incremental', '--tsBuildInfoFile', TYPES_CACHE],
  },
  { name: 'layers', command: ['depcruise', 'src', '--output-type', 'err'] },
];

/** Runs one step with the project's own tools; resolves with whether it passed. */
export function runStep(step) {
  return run(step, 'inherit');
}

/** Runs steps side by side, the words of each in one piece as it ends; resolves with whether each passed. */
export function runSideBySide(steps) {
  return Promise.all(steps.map((step) => run(step, ['ignore', 'pipe', 'pipe'])));
}

async function run({ name, command: [tool, ...args] }, stdio) {
  const startedAt = Date.now();
  const child = spawn(...toolCommand(tool, args), { stdio });
  let words = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (words += chunk));
  const [status] = await once(child, 'close');
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
  console.log(`${words}${status === 0 ? 'ok  ' : 'FAIL'} ${name} (${seconds} s)`);
  return status === 0;
}
