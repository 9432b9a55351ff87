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
    const queue = new KeyedQueue();
    const waiting = Array.from({ length: 10_000 }, () => queue.run('key', turn));
    await expect(queue.run('key', turn)).rejects.toMatchObject({ code: 'unavailable', retryable: true });
    await Promise.all(waiting);
    await expect(queue.run('key', async () => 'done')).resolves.toBe('done');
  });
});
