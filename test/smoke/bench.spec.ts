import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const ROOT = join(__dirname, '../..');
const CASES = '^ceiling/(beeline|sweep|register)/';

/** What is measured is what runs: the benchmark takes the scripts' calls from the build, and must follow them. */
describe('the benchmark', () => {
  it('measures the scripts of this build', () => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      // A run of its own: what a run has measured already, it does not measure again.
      ['bench/run.mjs', '--tiny', '--run', `smoke ${Date.now()}`, '--only', 'ceiling', '--match', CASES],
      { cwd: ROOT, encoding: 'utf8' },
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout.match(/^ceiling, round 1: /gm)).toHaveLength(3);
  }, 60_000);
});
