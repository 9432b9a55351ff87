/** The steps of the gate, and how a list of steps is run and reported. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

export const CHECK_STEPS = [
  { name: 'format', command: ['prettier', '--check', '--log-level', 'warn', '.'] },
  { name: 'lint', command: ['oxlint', '--type-aware', '--deny-warnings', 'src', 'test'] },
  {
    name: 'lint scripts and page',
    command: ['oxlint', '--deny-warnings', 'scripts', 'bench', 'public', 'examples'],
  },
  { name: 'types', command: ['tsc', '--noEmit', '-p', 'tsconfig.json'] },
  { name: 'layers', command: ['depcruise', 'src', '--output-type', 'err'] },
];

/** Runs one step with the project's own tools; returns whether it passed. */
export function runStep({ name, command: [tool, ...args] }) {
  const startedAt = Date.now();
  const { status } = spawnSync(join('node_modules/.bin', tool), args, { stdio: 'inherit' });
  console.log(
    `${status === 0 ? 'ok  ' : 'FAIL'} ${name} (${((Date.now() - startedAt) / 1000).toFixed(1)} s)`,
  );
  return status === 0;
}
