import { atEndOfTurn } from './end-of-turn';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('atEndOfTurn', () => {
  it('runs what was put off, in order, and what that puts off, before the next turn', async () => {
    const done: string[] = [];
    atEndOfTurn(() => {
      done.push('first');
      atEndOfTurn(() => done.push('of the first'));
    });
    atEndOfTurn(() => done.push('second'));
    expect(done).toEqual([]);
    await turn();
    expect(done).toEqual(['first', 'second', 'of the first']);
  });

  it('runs each once', async () => {
    let runs = 0;
    atEndOfTurn(() => (runs += 1));
    await turn();
    await turn();
    expect(runs).toBe(1);
  });
});
