import { spawnSync } from 'node:child_process';
import { type History } from './history';
import { report, type Row } from './report';
import { play, type ScenarioOptions, type Scene, SEED } from './scenario';

/** For the slowest of machines; on an idle one a scenario takes less than ten seconds. */
const SCENARIO_TIMEOUT_MS = 120_000;
const BUILD = `import('./scripts/lib/build.mjs').then(({ build }) => build())`;

/** A file of scenarios: builds what they run, prints the seed first and the table last. */
export class FaultSuite {
  private readonly rows: Row[] = [];

  constructor() {
    jest.setTimeout(SCENARIO_TIMEOUT_MS);
    beforeAll(() => {
      const { status } = spawnSync(process.execPath, ['-e', BUILD], { stdio: 'inherit' });
      if (status !== 0) throw new Error('the build failed');
      process.stdout.write(`FAULT_SEED=${SEED}\n`);
    }, 120_000);
    afterAll(() => report(this.rows));
  }

  /** Plays the scenario and expects the checker to find nothing, and everything to be well again. */
  async holds(
    fault: string,
    act: (scene: Scene) => Promise<void>,
    options?: ScenarioOptions,
  ): Promise<History> {
    const { row, violations, history } = await play(fault, act, options);
    this.rows.push(row);
    expect(violations.slice(0, 10)).toEqual([]);
    expect(row.healMs).not.toBeNull();
    return history;
  }
}
