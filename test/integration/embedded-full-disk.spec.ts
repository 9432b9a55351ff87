import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type BeelineProcess, rest, SmallDisk, TEST_SECRET, tokenFor, scrape, waitUntil } from '../support';

/** How long the disk stays full while the node is looked at: several tries to open the store anew. */
const FULL_MS = 2500;
const ENVIRONMENT = {
  AUTH_SECRET: TEST_SECRET,
  LOCAL_ACCOUNTS: 'off',
  SEND_RATE_PER_SECOND: '100000',
  NEW_RECEIVERS_PER_HOUR: '100000',
  NODE_LEASE_MS: '1500',
  SWEEP_INTERVAL_MS: '1000',
};
const alice = { token: tokenFor('alice') };
const bob = { token: tokenFor('bob') };

describe('the embedded store on a full disk', () => {
  let disk: SmallDisk;
  let node: BeelineProcess;
  /** Ids of what was acknowledged, in that order. */
  let acknowledged: string[];
  let next: number;

  beforeEach(async () => {
    disk = new SmallDisk();
    node = await disk.start(ENVIRONMENT);
    [acknowledged, next] = [[], 0];
  });
  afterEach(async () => {
    try {
      await kill();
    } finally {
      disk.remove();
    }
  });

  async function kill(): Promise<void> {
    node.kill('SIGKILL');
    await node.exited;
  }

  async function send(bytes: number): Promise<number> {
    const body = randomBytes(bytes / 2).toString('hex');
    const message = { to: 'bob', body, clientId: `c-${next++}` };
    const answer = await rest(node, 'POST', '/messages', { ...alice, body: message });
    if (answer.status === 201) acknowledged.push(answer.body['id'] as string);
    return answer.status;
  }

  async function sendUntilRefused(bytes: number): Promise<void> {
    await waitUntil('a send is refused', async () => (await send(bytes)) === 503, 30_000);
  }

  async function isReady(): Promise<boolean> {
    return (await rest(node, 'GET', '/readyz')).status === 200;
  }

  /** Nothing heals what stays broken. */
  async function expectRefusals(): Promise<void> {
    const until = Date.now() + FULL_MS;
    while (Date.now() < until) {
      expect(await send(500)).toBe(503);
      const readiness = await rest(node, 'GET', '/readyz');
      expect([readiness.status, readiness.body['code']]).toEqual([503, 'unavailable']);
      expect((await rest(node, 'GET', '/inbox', bob)).status).toBe(503);
      expect((await rest(node, 'GET', '/healthz')).status).toBe(200);
      await delay(50);
    }
  }

  async function expectAllThere(): Promise<void> {
    const ids: string[] = [];
    let after = '0-0';
    for (let more = true; more;) {
      const { body } = await rest(node, 'GET', `/inbox/chat?after=${after}&limit=200`, bob);
      ids.push(...(body['messages'] as { id: string }[]).map(({ id }) => id));
      [after, more] = [body['next'] as string, body['more'] as boolean];
    }
    // What was refused may be stored all the same, and then has its place.
    expect(ids.filter((id) => acknowledged.includes(id))).toEqual(acknowledged);
  }

  async function recoverAndGoOn(): Promise<void> {
    await expectRefusals();
    disk.makeRoom();
    await waitUntil('the node is ready by itself', isReady, 20_000);
    for (let i = 0; i < 200; i++) expect(await send(500)).toBe(201);
    await expectAllThere();
    expect((await scrape(node))['beeline_store_reopenings_total']).toBe(1);
    expect(node.output()).toMatch(/"msg":"store lost: not ready until it has been opened anew"/);
    await kill();
    node = await disk.start(ENVIRONMENT);
    await waitUntil('the node is ready', isReady, 20_000);
    await expectAllThere();
  }

  it('acknowledges nothing while it is full, is ready by itself when there is room, and then loses nothing', async () => {
    for (let i = 0; i < 50; i++) expect(await send(500)).toBe(201);
    disk.fill();
    await sendUntilRefused(500);
    await recoverAndGoOn();
  }, 120_000);

  it('comes back where it was full while a table was written', async () => {
    for (let i = 0; i < 150; i++) expect(await send(16_000)).toBe(201);
    // Room for the rest of the log, and none for the table that is made of it.
    disk.fill(3 * 2 ** 20);
    await sendUntilRefused(16_000);
    disk.fill();
    await recoverAndGoOn();
  }, 120_000);

  it('says so early, in a warning and in a metric', async () => {
    const isWarned = node.output().includes('"msg":"little room on the disk: a full one stops the store"');
    // Where no disk could be made, the one there is is large enough.
    expect(isWarned).toBe(disk.isMounted);
    expect((await scrape(node))['beeline_store_free_bytes']).toBeGreaterThan(0);
  });
});
