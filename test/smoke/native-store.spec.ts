import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rest, runToEnd, startProcess, TEST_SECRET, uniquePrefix, waitUntil } from '../support';

const WITHOUT_BUILD = {
  NODE_OPTIONS: `--require ${join(__dirname, '../support/no-native-store.cjs')}`,
  AUTH_SECRET: TEST_SECRET,
};

describe('where the native module of the embedded store has no build', () => {
  it('a node on Redis starts and serves', async () => {
    const redis = {
      REDIS_URL: process.env['TEST_REDIS_URL'] ?? '',
      REDIS_KEY_PREFIX: uniquePrefix(),
    };
    const node = await startProcess({ ...WITHOUT_BUILD, ...redis });
    await waitUntil('it is ready', async () => (await rest(node, 'GET', '/readyz')).status === 200);
    node.kill('SIGTERM');
    expect(await node.exited).toBe(0);
  });

  it('a node on the embedded store says so in one line, and ends', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'beeline-native-'));
    const { code, output } = await runToEnd('dist/main.js', [], {
      ...WITHOUT_BUILD,
      LOG_LEVEL: 'warn',
      PORT: '0',
      DATA_DIR: dataDir,
    });
    expect(output).toMatch(
      /^The embedded store can not be used here, its native module does not load: .*Set REDIS_URL.*\n$/,
    );
    expect(code).toBe(1);
    await rm(dataDir, { recursive: true });
  });
});
