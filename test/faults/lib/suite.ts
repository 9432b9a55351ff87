import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { type History } from './history';
import { Arena } from './arena';
import type { ArenaStore } from './stores/arena-store';
import { SingleRedis } from './stores/single-redis';
import { report, type Row } from './report';
import { play, type ScenarioOptions, type Scene, SEED } from './scenario';

/** For the slowest of machines; on an idle one a scenario takes less than ten seconds. */
const SCENARIO_TIMEOUT_MS = 120_000;
const BUILD = `import('./scripts/lib/build.mjs').then(({ build }) => build())`;

/** A file of scenarios: builds what they run, prints the seed first and the table last. */
export class FaultSuite {
  private readonly rows: Row[] = [];
  private arena: Arena | undefined;

  /** All scenarios of a suite are played on one cluster, whose dead nodes are replaced in between. */
  constructor(
    private readonly startStore: () => ArenaStore | Promise<ArenaStore> = () => SingleRedis.start(),
    private readonly environment: Record<string, string> = {},
  ) {
    jest.setTimeout(SCENARIO_TIMEOUT_MS);
    beforeAll(() => {
      const { status } = spawnSync(process.execPath, ['-e', BUILD], { stdio: 'inherit' });
      if (status !== 0) throw new Error('the build failed');
      process.stdout.write(`FAULT_SEED=${SEED}\n`);
    }, 120_000);
    afterAll(async () => {
      await this.arena?.close();
      report(this.rows);
    });
  }

  /** Plays the scenario and expects the checker to find nothing, and everything to be well again. */
  async holds(
    fault: string,
    act: (scene: Scene) => Promise<void>,
    options?: ScenarioOptions,
  ): Promise<History> {
    this.arena ??= await Arena.start(await this.startStore(), this.environment);
    try {
      const { row, violations, history } = await play(fault, this.arena, act, options);
      this.rows.push(row);
      assert.deepEqual(violations.slice(0, 10), []);
      assert.notEqual(row.healMs, null, 'not well again in time');
      return history;
    } catch (error) {
      const { arena } = this;
      this.arena = undefined;
      await arena.close();
      throw error;
    }
  }
}
