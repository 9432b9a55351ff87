import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const ROOT = join(__dirname, '../..');

/** What is measured is what runs: the benchmark takes the scripts' calls from the build, and must follow them. */
describe('the benchmark', () => {
  it('measures the scripts of this build', () => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['bench/run.mjs', '--tiny', '--only', 'ceiling', '--match', '^ceiling/(beeline|sweep|register)/'],
      { cwd: ROOT, encoding: 'utf8' },
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout.match(/^ceiling, round 1: /gm)).toHaveLength(3);
  }, 60_000);
});
