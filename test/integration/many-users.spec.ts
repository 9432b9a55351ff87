import { Logger } from '../../src/logging';
import {
  type BeelineNode,
  closeNodes,
  rest,
  scrape,
  startTrio,
  TestClient,
  tokenFor,
  uniqueUser,
  waitUntil,
} from '../support';

const SWEEP_MS = 1000;
const PER_SECOND = 8;
const USERS = 60;
/** Past 2.5 sweeps, after which an entry would run out that was made for one sweep an interval. */
const WATCHED_FOR_MS = 6 * SWEEP_MS;

describe('more users than a node can sweep within the interval', () => {
  let nodes: BeelineNode[] = [];
  beforeAll(async () => {
    nodes = await startTrio({ SWEEP_INTERVAL_MS: `${SWEEP_MS}`, SWEEP_MAX_PER_SECOND: `${PER_SECOND}` });
  });
  afterAll(async () => {
    TestClient.closeAll();
    await closeNodes(...nodes);
  });

  it('stay online all the same; it is said once, and can be measured', async () => {
    const [a, b] = nodes as [BeelineNode, BeelineNode];
    const warn = jest.spyOn(a.app.get<Logger>(Logger), 'warn');
    const warnings = (): unknown[][] => warn.mock.calls.filter(([, text]) => /more users/.test(String(text)));
    const users = Array.from({ length: USERS }, (_, i) => uniqueUser(`u${i}`));
    await Promise.all(users.map((user) => TestClient.connect(a, user)));
    const connectedAt = performance.now();
    const token = tokenFor('asker');
    const online = async (): Promise<string[]> => {
      const { body } = await rest(b, 'POST', '/presence/query', { token, body: { users } });
      const presence = body['presence'] as Record<string, { online: boolean }>;
      return users.filter((user) => presence[user]?.online);
    };
    await waitUntil(
      'some sweeps have gone by',
      async () => {
        expect(await online()).toEqual(users);
        return performance.now() - connectedAt > WATCHED_FOR_MS;
      },
      2 * WATCHED_FOR_MS,
    );
    expect(warnings()).toHaveLength(1);
    expect(warnings()[0]?.[0]).toMatchObject({ sweepMaxPerSecond: PER_SECOND, sweepIntervalMs: SWEEP_MS });
    const oldest = (await scrape(a))['beeline_oldest_sweep_seconds'];
    expect(oldest).toBeGreaterThan((2 * SWEEP_MS) / 1000);
    expect(oldest).toBeLessThan((2 * USERS) / PER_SECOND);
  });
});
