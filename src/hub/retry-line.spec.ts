import { RetryLine } from './retry-line';

describe('what waits to be tried again', () => {
  let tried: string[];
  let line: RetryLine<string>;

  beforeEach(() => {
    jest.useFakeTimers();
    tried = [];
    line = new RetryLine((item) => tried.push(item));
  });
  afterEach(() => jest.useRealTimers());

  it('is tried one at a time while nothing succeeds, at growing pauses of a second at most', () => {
    const seen: string[] = [];
    for (let i = 0; i < 1000; i += 1) line.failed(`item ${i}`);
    for (let elapsed = 0; elapsed < 10_000; elapsed += 10) {
      jest.advanceTimersByTime(10);
      for (const item of tried.splice(0)) {
        line.failed(item);
        seen.push(item);
      }
    }
    expect(seen.length).toBeGreaterThan(9);
    expect(seen.length).toBeLessThan(30);
    // In turn: one that never succeeds keeps nobody from being tried.
    expect(new Set(seen).size).toBe(seen.length);
  });
  it('is tried all together once one of them has succeeded', () => {
    for (const item of ['a', 'b', 'c']) line.failed(item);
    jest.advanceTimersByTime(100);
    expect(tried).toEqual(['a']);
    line.succeeded('a');
    expect(tried).toEqual(['a', 'b', 'c']);
    expect(line.isEmpty).toBe(true);
  });

  it('is not tried at each success of somebody else', () => {
    line.failed('poisoned');
    for (let i = 0; i < 100; i += 1) line.succeeded('another');
    expect(tried).toEqual([]);
  });

  it('is forgotten with its connection', () => {
    line.failed('a');
    line.forget('a');
    jest.advanceTimersByTime(10_000);
    expect([tried, line.isEmpty]).toEqual([[], true]);
  });
});
