import { Rotation } from './rotation';

describe('a rotation', () => {
  it('gives the turn to whoever has waited longest; who had it, and who joins, goes to the end', () => {
    const rotation = new Rotation<string>();
    rotation.join('a', 0);
    rotation.join('b', 10);
    expect(rotation.take(1, 20)).toEqual(['a']);
    rotation.join('c', 30);
    expect(rotation.take(2, 40)).toEqual(['b', 'a']);
    expect(rotation.take(9, 50)).toEqual(['c', 'b', 'a']);
    rotation.leave('b');
    expect(rotation.take(9, 60)).toEqual(['c', 'a']);
    expect(rotation.size).toBe(2);
  });

  it('counts those whose last turn is long ago, and no more than it is asked for', () => {
    const rotation = new Rotation<number>();
    for (let i = 0; i < 5; i += 1) rotation.join(i, i);
    expect(rotation.countSince(2, 100)).toBe(3);
    expect(rotation.countSince(2, 2)).toBe(2);
    expect(rotation.longestWaitMs(10)).toBe(10);
    rotation.take(3, 20);
    expect(rotation.countSince(2, 100)).toBe(0);
    expect(rotation.longestWaitMs(20)).toBe(17);
  });

  it('knows how long ago a turn was of use: one that failed was none', () => {
    const rotation = new Rotation<string>();
    expect([rotation.oldestServedMs(5), rotation.longestWaitMs(5)]).toEqual([0, 0]);
    rotation.join('a', 0);
    rotation.join('b', 5);
    rotation.take(2, 100);
    rotation.served('b', 110);
    rotation.served('gone', 110);
    expect(rotation.oldestServedMs(120)).toBe(120);
    rotation.served('a', 115);
    expect(rotation.oldestServedMs(120)).toBe(10);
  });
});
