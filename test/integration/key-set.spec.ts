import { generateKeyPairSync } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { KeySet, type KeySetTimes } from '../../src/auth/key-set';
import { waitUntil } from '../support';
import { KeyServer } from '../support/key-server';

const keyOf = (): ReturnType<typeof generateKeyPairSync>['publicKey'] =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey;
const TIMES: KeySetTimes = { pauseMs: 200, refreshAfterMs: 400, maxAgeMs: 1500 };

describe("an issuer's key set", () => {
  let issuer: KeyServer;
  let keys: KeySet;
  let failures: Error[];
  let isFlooding: boolean;
  let flood: Promise<unknown> | undefined;

  beforeEach(async () => {
    issuer = await KeyServer.start();
    issuer.publish('first', keyOf());
    failures = [];
    keys = new KeySet(issuer.url, (error) => failures.push(error), TIMES);
    flood = undefined;
  });
  afterEach(async () => {
    isFlooding = false;
    await flood;
    await issuer.stop();
  });

  const outcomeOf = (kid: string, alg = 'ES256'): Promise<string> =>
    keys.find({ alg, kid }).then(
      () => 'found',
      (error: { code: string }) => error.code,
    );

  /** Strangers, who make up a key for every token: a few hundred a second. */
  function startFlood(): void {
    isFlooding = true;
    const asked: Promise<string>[] = [];
    flood = (async () => {
      for (let i = 0; isFlooding; i += 1) {
        asked.push(outcomeOf(`made-up-${i}`));
        if (i % 5 === 0) await delay(10);
      }
      await Promise.all(asked);
    })();
  }

  it('is fetched once for all who need it at first', async () => {
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => outcomeOf('first')));
    expect(new Set(outcomes)).toEqual(new Set(['found']));
    expect(issuer.asked).toBe(1);
  });

  it('has a new key within a pause, however many made-up ones are asked for', async () => {
    startFlood();
    await waitUntil('the flood has come', () => issuer.asked >= 2);
    issuer.publish('next', keyOf());
    const askedAt = performance.now();
    expect(await outcomeOf('next')).toBe('found');
    expect(performance.now() - askedAt).toBeLessThan(5000);
  });

  it('loses a key that was withdrawn, however many made-up ones are asked for', async () => {
    issuer.publish('removed', keyOf());
    expect(await outcomeOf('removed')).toBe('found');
    startFlood();
    issuer.withdraw('removed');
    await waitUntil('it is refused', async () => (await outcomeOf('removed')) === 'unauthorized', 5000);
    expect(await outcomeOf('first')).toBe('found');
  });

  it('loses it without a flood, too, a while after it was withdrawn', async () => {
    issuer.publish('removed', keyOf());
    expect(await outcomeOf('removed')).toBe('found');
    issuer.withdraw('removed');
    await waitUntil('it is refused', async () => (await outcomeOf('removed')) === 'unauthorized', 5000);
  });

  it('is fetched once a pause at most', async () => {
    const startedAt = performance.now();
    startFlood();
    await delay(1500);
    isFlooding = false;
    await flood;
    expect(issuer.asked).toBeGreaterThan(1);
    expect(issuer.asked).toBeLessThanOrEqual(1 + (performance.now() - startedAt) / TIMES.pauseMs);
  });

  it('counts for a while where its issuer is away, and then for nothing: that is unavailable', async () => {
    expect(await outcomeOf('first')).toBe('found');
    issuer.fault = (response) => response.destroy();
    startFlood();
    expect(await outcomeOf('first')).toBe('found');
    expect(await outcomeOf('unknown')).toBe('unavailable');
    await waitUntil('it is too old', async () => (await outcomeOf('first')) === 'unavailable', 5000);
    expect(failures.length).toBeGreaterThan(0);
    issuer.fault = undefined;
    await waitUntil('it is there again', async () => (await outcomeOf('first')) === 'found', 5000);
  });

  it.each<[string, KeyServer['fault']]>([
    ['an error', (response) => response.writeHead(500).end()],
    ['what is no key set', (response) => response.end('<html></html>')],
    ['a key set without keys', (response) => response.end('{"keys":7}')],
    ['another address', (response) => response.writeHead(302, { location: issuer.url }).end()],
    ['more than anybody needs', (response) => response.end(`{"keys":[],"x":"${'x'.repeat(300_000)}"}`)],
  ])('is not replaced by %s', async (_name, fault) => {
    expect(await outcomeOf('first')).toBe('found');
    issuer.fault = fault;
    expect(await outcomeOf('unknown')).toBe('unavailable');
    expect(await outcomeOf('first')).toBe('found');
  });

  it('does not wait for ever for an issuer that is silent', async () => {
    issuer.fault = (response) => response.write('{"keys":[');
    expect(await outcomeOf('first')).toBe('unavailable');
    expect(String(failures[0])).toMatch(/timeout/i);
  }, 15_000);

  it('is not asked for what no published key can sign', async () => {
    expect(await outcomeOf('first')).toBe('found');
    for (const alg of ['none', 'HS256', 'x']) expect(await outcomeOf('first', alg)).toBe('unauthorized');
    expect(issuer.asked).toBe(1);
  });
});
