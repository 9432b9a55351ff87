import { RedisProcess } from './lib/redis-process';
import { SEED } from './lib/scenario';
import { playAtRandom } from './lib/schedule';
import { FaultSuite } from './lib/suite';

const MINUTES = Number(process.env['FAULT_MINUTES'] ?? 0);
const FAULTS_PER_ROUND = 5;

/** `npm run test:faults -- --minutes 30 --seed N`. A round that fails is repeated by its own seed, printed with it. */
(MINUTES > 0 ? describe : describe.skip)('random schedules of faults', () => {
  const suite = new FaultSuite(RedisProcess.ALWAYS_ON_DISK);

  it(
    `promises 1, 2 and 5 hold through ${MINUTES} minutes`,
    async () => {
      const endsAt = performance.now() + MINUTES * 60_000;
      const failures: string[] = [];
      for (let seed = SEED; seed === SEED || performance.now() < endsAt; seed += 1) {
        let played: string[] = [];
        try {
          await suite.holds(
            `schedule ${seed}`,
            async (scene) => {
              played = await playAtRandom(scene, FAULTS_PER_ROUND);
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
