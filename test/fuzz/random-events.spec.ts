import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Hub } from '../../src/hub';
import { Random, rest, startTrio, TestClient, type Trio, uniqueUser, waitUntil } from '../support';
import { closeNodes } from '../support';
import { Fuzzer } from './lib/fuzzer';
import { RequestMaker } from './lib/requests';
import { Sent } from './lib/sent';

const EVENTS = Number(process.env['FUZZ_EVENTS'] ?? 3000);
const SEED = Number(process.env['FUZZ_SEED'] ?? Date.now() % 1_000_000_000);
const USERS = 8;
const CONNECTIONS = 12;
/** The events come in rounds; between two, some connections go and others come. */
const ROUNDS = 10;
/** What a heap may have grown by between the first round and the last: code compiled late, numbers kept, no more. */
const HEAP_GROWTH_BYTES = 16 * 1024 * 1024;
const MINIMUM_PER_SECOND = 100;

/** Of three nodes, twelve clients and their books, all in this process; with what can be collected collected. */
async function heapBytes(): Promise<number> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  // Twice, with a turn in between, for what finalizers let go.
  for (let i = 0; i < 2; i += 1) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return process.memoryUsage().heapUsed;
}

const inMegabytes = (bytes: number) => (bytes / 1024 / 1024).toFixed(1);

/** `npm run test:fuzz -- --events 100000 --seed N`; a short run is among the system tests. */
describe('random events from several connections on three nodes', () => {
  const random = new Random(SEED);
  const users = Array.from({ length: USERS }, (_, i) => uniqueUser(`user-${i}`));
  const sent = new Sent();
  const maker = new RequestMaker(random, users, sent);
  const escaped: unknown[] = [];
  const noteEscaped = (reason: unknown) => escaped.push(reason);
  let nodes: Trio;
  const fuzzers: Fuzzer[] = [];
  const gone = { problems: [] as string[], answered: 0, delivered: 0 };

  beforeAll(async () => {
    process.on('unhandledRejection', noteEscaped);
    process.on('uncaughtExceptionMonitor', noteEscaped);
    process.stdout.write(`FUZZ_SEED=${SEED} FUZZ_EVENTS=${EVENTS}\n`);
    nodes = await startTrio({
      // Small inboxes, so that retention is at work; no limit of rates, which would answer for everything else.
      INBOX_MAX_LENGTH: '200',
      SEND_RATE_PER_SECOND: '1000000',
      NEW_RECEIVERS_PER_HOUR: '1000000',
      MAX_DEVICES_PER_USER: '100',
      // Three nodes and their clients in one process: a lease of a second and a half would be lost to the work.
      NODE_LEASE_MS: '10000',
      // Receivers need no account.
      LOCAL_ACCOUNTS: 'off',
    });
  });
  afterAll(async () => {
    for (const fuzzer of fuzzers) fuzzer.close();
    TestClient.closeAll();
    await closeNodes(...(nodes ?? []));
    process.off('unhandledRejection', noteEscaped);
    process.off('uncaughtExceptionMonitor', noteEscaped);
  });

  const connect = () => Fuzzer.connect(random.pick(nodes), random.pick(users), random, maker, sent);
  const connections = () => nodes.reduce((sum, node) => sum + node.app.get<Hub>(Hub).size, 0);

  async function areReady(): Promise<boolean> {
    const answers = await Promise.all(nodes.map((node) => rest(node, 'GET', '/readyz')));
    return answers.every(({ status }) => status === 200);
  }

  function retire(fuzzer: Fuzzer): void {
    gone.problems.push(...fuzzer.problems);
    gone.answered += fuzzer.answered;
    gone.delivered += fuzzer.delivered;
    fuzzer.close();
  }

  async function playRound(): Promise<void> {
    for (const fuzzer of fuzzers.splice(0, 2)) retire(fuzzer);
    while (fuzzers.length < CONNECTIONS) fuzzers.push(await connect());
    const count = Math.ceil(EVENTS / ROUNDS / CONNECTIONS);
    await Promise.all(fuzzers.map((fuzzer) => fuzzer.run(count)));
    expect(fuzzers.flatMap(({ problems }) => problems).slice(0, 10)).toEqual([]);
    expect(fuzzers.map(({ unanswered }) => unanswered)).toEqual(fuzzers.map(() => 0));
  }

  it(
    `${EVENTS} of them: every request answered once and by the contract, nothing delivered that was not sent`,
    async () => {
      const startedAt = performance.now();
      await playRound();
      const firstBytes = await heapBytes();
      // In a process that has run other suites the collection lasts long enough for a node to miss its own heartbeat.
      await waitUntil('every node is ready', areReady);
      for (let round = 1; round < ROUNDS; round += 1) await playRound();
      const seconds = (performance.now() - startedAt) / 1000;
      // Whatever is still on its way, and any second answer, comes before the answer to this.
      await Promise.all(fuzzers.map((fuzzer) => fuzzer.run(1)));
      for (const fuzzer of fuzzers.splice(0)) retire(fuzzer);
      await waitUntil('every connection is gone', () => connections() === 0);
      // Before the collection below, which can make a node miss its own heartbeat.
      expect(await areReady()).toBe(true);
      sent.forget();
      const lastBytes = await heapBytes();

      process.stdout.write(
        `${gone.answered} answers, ${gone.delivered} deliveries in ${seconds.toFixed(1)} s; heap after collection ` +
          `${inMegabytes(firstBytes)} MB after the first round, ${inMegabytes(lastBytes)} MB at the end; ` +
          `resident ${inMegabytes(process.memoryUsage().rss)} MB\n`,
      );
      expect(gone.problems).toEqual([]);
      expect(gone.delivered).toBeGreaterThan(EVENTS / 20);
      expect(gone.answered).toBeGreaterThan(EVENTS * 0.8);
      expect(lastBytes - firstBytes).toBeLessThan(HEAP_GROWTH_BYTES);
      expect(escaped).toEqual([]);
    },
    60_000 + (1000 * EVENTS) / MINIMUM_PER_SECOND,
  );
});
