import { TurnBatches } from './turn-batches';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('TurnBatches', () => {
  let asked: (readonly number[])[];
  const batchesOf = (
    maxItems: number,
    answer: (items: readonly number[]) => readonly (string | Error)[] = (items) => items.map(String),
    keyOf: (item: number) => string = () => '',
  ): TurnBatches<number, string> =>
    new TurnBatches(
      maxItems,
      async (items) => {
        asked.push(items);
        return answer(items);
      },
      keyOf,
    );
  /** Each in a lane of its own. */
  const addTo = (batches: TurnBatches<number, string>, item: number) => batches.add(`lane ${item}`, item);
  beforeEach(() => {
    asked = [];
  });

  it('asks for all of one turn together, at its end, and gives each its own result', async () => {
    const batches = batchesOf(10);
    const results = [addTo(batches, 1), addTo(batches, 2)];
    await Promise.resolve();
    results.push(addTo(batches, 3));
    expect(asked).toEqual([]);
    expect(await Promise.all(results)).toEqual(['1', '2', '3']);
    expect(asked).toEqual([[1, 2, 3]]);
  });

  it('begins anew in the next turn', async () => {
    const batches = batchesOf(10);
    const first = addTo(batches, 1);
    await turn();
    const second = addTo(batches, 2);
    expect(await Promise.all([first, second])).toEqual(['1', '2']);
    expect(asked).toEqual([[1], [2]]);
  });

  it('keeps apart what has another key', async () => {
    const batches = batchesOf(10, undefined, (item) => (item === 2 ? 'b' : 'a'));
    await Promise.all([1, 2, 3].map((item) => addTo(batches, item)));
    expect(asked).toEqual([[1, 3], [2]]);
  });

  it('asks at once when there is enough, in order, for the rest at the end of the turn', async () => {
    const batches = batchesOf(2);
    const results = [1, 2, 3, 4, 5].map((item) => addTo(batches, item));
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
    const outcomes = await Promise.allSettled([1, 2, 3].map((item) => addTo(batches, item)));
    expect(outcomes).toEqual([
      { status: 'fulfilled', value: '1' },
      { status: 'rejected', reason: new Error('two') },
      { status: 'fulfilled', value: '3' },
    ]);
  });

  it('rejects all where asking fails, and goes on', async () => {
    let isBroken = true;
    const batches = batchesOf(10, (items) => {
      if (isBroken) throw new Error('broken');
      return items.map(String);
    });
    const outcomes = await Promise.allSettled([1, 2].map((item) => addTo(batches, item)));
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    isBroken = false;
    expect(await addTo(batches, 3)).toBe('3');
  });

  describe('with lanes', () => {
    let answers: (() => void)[];
    let batches: TurnBatches<number, number>;
    beforeEach(() => {
      answers = [];
      batches = new TurnBatches(
        2,
        async (items) => {
          asked.push(items);
          await new Promise<void>((resolve) => answers.push(resolve));
          if (items.includes(13)) throw new Error('broken');
          return items;
        },
        () => '',
      );
    });

    it('asks for a lane again only when it has been answered, and for others meanwhile', async () => {
      const results = [1, 2, 3, 4, 5].map((item) => batches.add('a', item));
      results.push(batches.add('b', 6));
      await turn();
      expect(asked).toEqual([[1, 2], [6]]);
      for (let i = 0; i < 4; i += 1) {
        answers[i]?.();
        await turn();
      }
      expect(asked).toEqual([[1, 2], [6], [3, 4], [5]]);
      expect(await Promise.all(results)).toEqual([1, 2, 3, 4, 5, 6]);
    });

    it('lets what is added on an answer come behind what waited for it', async () => {
      const first = batches.add('a', 1);
      await turn();
      const waiting = batches.add('a', 2);
      const added = first.then(() => batches.add('a', 3));
      answers[0]?.();
      await turn();
      expect(asked).toEqual([[1], [2, 3]]);
      answers[1]?.();
      expect(await Promise.all([waiting, added])).toEqual([2, 3]);
    });

    it('goes on with a lane whose batch has failed', async () => {
      const failed = batches.add('a', 13);
      await turn();
      const next = batches.add('a', 14);
      answers[0]?.();
      await expect(failed).rejects.toThrow('broken');
      await turn();
      answers[1]?.();
      expect(await next).toBe(14);
    });
  });
});
