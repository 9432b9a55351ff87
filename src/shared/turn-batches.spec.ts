import { TurnBatches } from './turn-batches';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('TurnBatches', () => {
  let asked: (readonly number[])[];
  const batchesOf = (
    maxItems: number,
    answer: (items: readonly number[]) => readonly (string | Error)[] = (items) => items.map(String),
  ): TurnBatches<number, string> =>
    new TurnBatches(maxItems, async (items) => {
      asked.push(items);
      return answer(items);
    });
  beforeEach(() => {
    asked = [];
  });

  it('asks for all of one turn together, at its end, and gives each its own result', async () => {
    const batches = batchesOf(10);
    const results = [batches.add('', 1), batches.add('', 2)];
    await Promise.resolve();
    results.push(batches.add('', 3));
    expect(asked).toEqual([]);
    expect(await Promise.all(results)).toEqual(['1', '2', '3']);
    expect(asked).toEqual([[1, 2, 3]]);
  });

  it('begins anew in the next turn', async () => {
    const batches = batchesOf(10);
    const first = batches.add('', 1);
    await turn();
    const second = batches.add('', 2);
    expect(await Promise.all([first, second])).toEqual(['1', '2']);
    expect(asked).toEqual([[1], [2]]);
  });

  it('keeps apart what has another key', async () => {
    const batches = batchesOf(10);
    await Promise.all([batches.add('a', 1), batches.add('b', 2), batches.add('a', 3)]);
    expect(asked).toEqual([[1, 3], [2]]);
  });

  it('asks at once when there is enough, in order, for the rest at the end of the turn', async () => {
    const batches = batchesOf(2);
    const results = [1, 2, 3, 4, 5].map((item) => batches.add('', item));
    expect(asked).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(await Promise.all(results)).toEqual(['1', '2', '3', '4', '5']);
    expect(asked.at(-1)).toEqual([5]);
  });

  it('rejects the one whose result is an error, and no other', async () => {
    const batches = batchesOf(10, (items) =>
      items.map((item) => (item === 2 ? new Error('two') : `${item}`)),
    );
    const outcomes = await Promise.allSettled([1, 2, 3].map((item) => batches.add('', item)));
    expect(outcomes).toEqual([
      { status: 'fulfilled', value: '1' },
      { status: 'rejected', reason: new Error('two') },
      { status: 'fulfilled', value: '3' },
    ]);
  });

  it('rejects all where asking fails, and goes on', async () => {
    let isBroken = true;
    const batches = new TurnBatches<number, number>(10, async (items) => {
      if (isBroken) throw new Error('broken');
      return items;
    });
    const outcomes = await Promise.allSettled([1, 2].map((item) => batches.add('', item)));
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    isBroken = false;
    expect(await batches.add('', 3)).toBe(3);
  });
});
