import { SteppedClock } from './lib/faketime';
import { RedisProcess } from './lib/redis-process';
import { SEED } from './lib/scenario';
import { playAtRandom } from './lib/schedule';
import { STEPS_ON } from './lib/steps';
import type { ArenaStore } from './lib/stores/arena-store';
import { EmbeddedDisk } from './lib/stores/embedded';
import { ClusterOfRedis } from './lib/stores/redis-cluster';
import { SingleRedis } from './lib/stores/single-redis';
import { FaultSuite } from './lib/suite';

const MINUTES = Number(process.env['FAULT_MINUTES'] ?? 0);
const STORE = (process.env['FAULT_STORE'] ?? 'redis') as keyof typeof STEPS_ON;
const FAULTS_PER_ROUND = 5;

const START: Record<keyof typeof STEPS_ON, () => ArenaStore | Promise<ArenaStore>> = {
  redis: () => SingleRedis.start(RedisProcess.ALWAYS_ON_DISK, { clock: new SteppedClock() }),
  cluster: () => ClusterOfRedis.start(RedisProcess.ALWAYS_ON_DISK),
  embedded: () => EmbeddedDisk.start(),
};

/**
 * `npm run test:faults -- --minutes 30 --seed N --store redis|cluster|embedded`. A round that fails is repeated by its
 * own seed, printed with it.
 */
(MINUTES > 0 ? describe : describe.skip)('random schedules of faults', () => {
  const suite = new FaultSuite(START[STORE]);

  it(
    `promises 1, 2 and 5 hold through ${MINUTES} minutes`,
    async () => {
      const endsAt = performance.now() + MINUTES * 60_000;
      const failures: string[] = [];
      for (let seed = SEED; seed === SEED || performance.now() < endsAt; seed += 1) {
        let played: string[] = [];
        try {
          await suite.holds(
            `schedule ${seed} (${STORE})`,
            async (scene) => {
              played = await playAtRandom(scene, STEPS_ON[STORE], FAULTS_PER_ROUND);
            },
            { seed, nodes: 3 },
          );
        } catch (error) {
          failures.push(`seed ${seed}: ${played.join(', ')}\n${String(error)}`);
        }
        process.stdout.write(`seed ${seed}: ${played.join(', ')}\n`);
      }
      expect(failures).toEqual([]);
    },
    (MINUTES + 3) * 60_000,
  );
});
