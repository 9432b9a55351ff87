import { OnceAMinute } from './once-a-minute';

describe('what strangers cause', () => {
  it('is told at once, then once a minute with its count', () => {
    const lines = new OnceAMinute();
    expect(lines.due('bad token', 1000)).toBe(1);
    for (let i = 0; i < 10_000; i += 1) expect(lines.due('bad token', 1000 + i)).toBeUndefined();
    expect(lines.due('bad token', 61_000)).toBe(10_001);
    expect(lines.due('bad token', 61_001)).toBeUndefined();
    expect(lines.due('bad token', 300_000)).toBe(2);
  });

  it('is told for each kind', () => {
    const lines = new OnceAMinute();
    expect(lines.due('a', 0)).toBe(1);
    expect(lines.due('b', 1)).toBe(1);
  });
});
