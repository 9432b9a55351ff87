import { toClientError } from '../shared';
import { type Asker, FairQueue } from './fair-queue';

const LONG_MS = 60_000;
const stranger = (address: string): Asker => ({ address, isKnown: false });
const known = (address: string): Asker => ({ address, isKnown: true });

/** A queue whose work is ended by hand; who was served, in that order, and who was refused. */
class Counter {
  readonly served: string[] = [];
  readonly refused: string[] = [];
  readonly words: unknown[] = [];
  private readonly ends: (() => void)[] = [];

  constructor(
    maxAtOnce: number,
    maxWaiting: number,
    maxWaitMs = LONG_MS,
    private readonly queue = new FairQueue(maxAtOnce, maxWaiting, maxWaitMs),
  ) {}

  come(name: string, asker: Asker): void {
    const work = (): Promise<void> => {
      this.served.push(name);
      return new Promise((end) => this.ends.push(end));
    };
    this.queue.run(asker, work).catch((error: unknown) => {
      this.refused.push(name);
      this.words.push(toClientError(error));
    });
  }

  /** Ends what is at work, again and again, until nobody comes after it. */
  async serveAll(): Promise<void> {
    await settled();
    for (let end = this.ends.shift(); end !== undefined; end = this.ends.shift()) {
      end();
      await settled();
    }
  }
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a fair queue', () => {
  it('serves addresses in turn, however much one of them asks for', async () => {
    const counter = new Counter(1, 100);
    for (let i = 0; i < 5; i += 1) counter.come(`a${i}`, stranger('192.0.2.1'));
    counter.come('b0', stranger('192.0.2.2'));
    counter.come('c0', stranger('192.0.2.3'));
    await counter.serveAll();
    expect(counter.served).toEqual(['a0', 'a1', 'b0', 'c0', 'a2', 'a3', 'a4']);
  });

  it('takes the networks of one IPv6 site for one', async () => {
    const counter = new Counter(1, 100);
    for (let i = 0; i < 4; i += 1) counter.come(`a${i}`, stranger(`2001:db8:7:${i}::`));
    counter.come('b0', stranger('2001:db8:8:1::'));
    await counter.serveAll();
    expect(counter.served).toEqual(['a0', 'a1', 'b0', 'a2', 'a3']);
  });

  it('lets whoever was here before go ahead, and a stranger have one turn of four', async () => {
    const counter = new Counter(1, 100);
    for (let i = 0; i < 3; i += 1) counter.come(`s${i}`, stranger(`192.0.2.${i}`));
    for (let i = 0; i < 6; i += 1) counter.come(`k${i}`, known(`198.51.100.${i}`));
    await counter.serveAll();
    expect(counter.served).toEqual(['s0', 'k0', 'k1', 's1', 'k2', 'k3', 'k4', 's2', 'k5']);
  });

  it('sheds the latest of the busiest, and nobody known before every stranger', async () => {
    const counter = new Counter(1, 4);
    counter.come('at work', stranger('192.0.2.9'));
    for (let i = 0; i < 4; i += 1) counter.come(`a${i}`, stranger('192.0.2.1'));
    counter.come('b0', stranger('192.0.2.2'));
    for (let i = 0; i < 3; i += 1) counter.come(`k${i}`, known(`198.51.100.${i}`));
    await settled();
    expect(counter.refused).toEqual(['a3', 'a2', 'a1', 'b0']);
    expect(counter.words[0]).toMatchObject({ code: 'unavailable', retryable: true, retryAfterMs: LONG_MS });
    await counter.serveAll();
    expect(counter.served).toEqual(['at work', 'k0', 'k1', 'a0', 'k2']);
  });

  it('leaves no timer behind, neither of those it serves nor of those it refuses', async () => {
    const timers = (): number =>
      process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
    const before = timers();
    const counter = new Counter(1, 2);
    for (let i = 0; i < 6; i += 1) counter.come(`a${i}`, stranger('192.0.2.1'));
    await settled();
    expect([counter.refused.length, timers() - before]).toEqual([3, 2]);
    await counter.serveAll();
    expect(timers()).toBe(before);
  });

  it('lets nobody wait for longer than is told, and forgets them', async () => {
    const counter = new Counter(1, 100, 20);
    counter.come('at work', stranger('192.0.2.9'));
    for (let i = 0; i < 3; i += 1) counter.come(`a${i}`, stranger('192.0.2.1'));
    while (counter.refused.length < 3) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(counter.refused).toEqual(['a0', 'a1', 'a2']);
    counter.come('b0', stranger('192.0.2.2'));
    await counter.serveAll();
    expect(counter.served).toEqual(['at work', 'b0']);
  });
});
