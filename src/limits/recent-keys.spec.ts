import { RecentKeys } from './recent-keys';

describe('RecentKeys', () => {
  it('has what was added, for a while', () => {
    const recent = new RecentKeys(10, 100);
    expect(recent.has('a', 0)).toBe(false);
    recent.add('a', 0);
    expect([0, 99, 100].map((nowMs) => recent.has('a', nowMs))).toEqual([true, true, false]);
    recent.add('a', 100);
    expect(recent.has('a', 199)).toBe(true);
  });

  it('forgets what was added longest ago where there are too many', () => {
    const recent = new RecentKeys(2, 100);
    for (const key of ['a', 'b', 'a', 'c']) recent.add(key, 0);
    expect(['a', 'b', 'c'].map((key) => recent.has(key, 1))).toEqual([true, false, true]);
  });
});
