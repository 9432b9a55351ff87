import { BodyBudget } from './body-budget';

const MEGABYTE = 2 ** 20;

describe('bytes of request bodies under way', () => {
  it('gives an address its share, and the room back when it is done', () => {
    const budget = new BodyBudget();
    const releases = Array.from({ length: 8 }, () => budget.reserve('one', MEGABYTE));
    expect(() => budget.reserve('one', 1)).toThrow(expect.objectContaining({ code: 'rate_limited' }));
    releases[0]!();
    releases[0]!();
    budget.reserve('one', MEGABYTE);
    expect(() => budget.reserve('one', 1)).toThrow(expect.objectContaining({ retryAfterMs: 1000 }));
  });

  it('takes no more in all than a node can hold, whoever asks', () => {
    const budget = new BodyBudget();
    for (const address of ['one', 'two', 'three']) budget.reserve(address, 8 * MEGABYTE);
    expect(() => budget.reserve('four', 1)).toThrow(expect.objectContaining({ code: 'unavailable' }));
  });
});
