import { setImmediate as turn } from 'node:timers/promises';
import { KeyedQueue } from './keyed-queue';

describe('a keyed queue', () => {
  it('runs what has the same key one after the other, in the order it came', async () => {
    const queue = new KeyedQueue();
    const seen: string[] = [];
    const work = (name: string) => async (): Promise<string> => {
      seen.push(`${name} begins`);
      await turn();
      seen.push(`${name} ends`);
      return name;
    };
    expect(await Promise.all(['a', 'b', 'c'].map((name) => queue.run('key', work(name))))).toEqual([
      'a',
      'b',
      'c',
    ]);
    expect(seen).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  });

  it('runs different keys side by side', async () => {
    const queue = new KeyedQueue();
    let release = (): void => {};
    const stuck = queue.run('one', () => new Promise<void>((resolve) => (release = resolve)));
    await expect(queue.run('other', async () => 'done')).resolves.toBe('done');
    release();
    await stuck;
  });

  it('goes on after a failure, which only its own caller hears of', async () => {
    const queue = new KeyedQueue();
    const failing = queue.run('key', () => Promise.reject(new Error('mine')));
    const next = queue.run('key', async () => 'done');
    await expect(failing).rejects.toThrow('mine');
    await expect(next).resolves.toBe('done');
  });

  it('refuses what would wait behind ten thousand, and takes more when they are through', async () => {
    const queue = new KeyedQueue(() => 0);
    const waiting = Array.from({ length: 10_000 }, () => queue.run('key', turn));
    await expect(queue.run('key', turn)).rejects.toMatchObject({ code: 'unavailable', retryable: true });
    await Promise.all(waiting);
    await expect(queue.run('key', async () => 'done')).resolves.toBe('done');
  });

  describe('whose first piece of work takes long', () => {
    let nowMs: number;
    let queue: KeyedQueue;
    let begun: number;
    let release: () => void;
    let slow: Promise<void>;
    let waiting: Promise<number>[];

    beforeEach(async () => {
      nowMs = 0;
      begun = 0;
      queue = new KeyedQueue(() => nowMs);
      slow = queue.run('key', () => new Promise<void>((resolve) => (release = resolve)));
      waiting = Array.from({ length: 100 }, () => queue.run('key', async () => (begun += 1)));
      await turn();
    });

    it('does all of a burst, though it takes seconds', async () => {
      nowMs = 10_000;
      release();
      await Promise.all([slow, ...waiting]);
      expect(begun).toBe(100);
    });

    it('does not begin, where the line has stood for long, what has waited longer than its caller does', async () => {
      const refused = Promise.allSettled(waiting);
      nowMs = 10_001;
      const fresh = queue.run('key', async () => 'done');
      release();
      await slow;
      for (const outcome of await refused) {
        expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'unavailable' } });
      }
      expect(begun).toBe(0);
      await expect(fresh).resolves.toBe('done');
      nowMs = 12_000;
      await expect(queue.run('key', async () => 'again')).resolves.toBe('again');
    });
  });
});
