import { Lanes } from './lanes';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('Lanes', () => {
  let lanes: Lanes;
  let begun: number[];
  beforeEach(() => {
    lanes = new Lanes();
    begun = [];
  });

  /** A step that is ready when told so. */
  function announce(lane: string, item: number) {
    let ready!: () => void;
    let refuse!: (reason: Error) => void;
    const promise = new Promise<void>((resolve, reject) => {
      ready = resolve;
      refuse = reject;
    });
    const step = (): Promise<number> => {
      begun.push(item);
      return Promise.resolve(item);
    };
    return { ready, refuse, result: lanes.inOrder(lane, promise, step) };
  }

  it('begins steps in the order in which they were announced', async () => {
    const steps = [0, 1, 2, 3].map((item) => announce('a', item));
    for (const i of [2, 0, 3, 1]) {
      steps[i]?.ready();
      await turn();
    }
    expect(begun).toEqual([0, 1, 2, 3]);
    expect(await Promise.all(steps.map(({ result }) => result))).toEqual([0, 1, 2, 3]);
  });

  it('waits for the beginning of a step, not for its end', async () => {
    const endless = lanes.inOrder('a', Promise.resolve(), () => new Promise(() => undefined));
    const next = announce('a', 1);
    next.ready();
    expect(await next.result).toBe(1);
    void endless;
  });

  it('passes over what is refused, at once where it is refused before its turn', async () => {
    const [first, second, third] = [0, 1, 2].map((item) => announce('a', item));
    third?.ready();
    second?.refuse(new Error('no'));
    await expect(second?.result).rejects.toThrow('no');
    expect(begun).toEqual([]);
    first?.ready();
    await turn();
    expect(begun).toEqual([0, 2]);
  });

  it('goes on where a step fails', async () => {
    const failed = lanes.inOrder('a', Promise.resolve(), () => Promise.reject(new Error('broken')));
    const next = announce('a', 1);
    next.ready();
    await expect(failed).rejects.toThrow('broken');
    expect(await next.result).toBe(1);
  });

  it('keeps lanes apart', async () => {
    announce('a', 0);
    const other = announce('b', 1);
    other.ready();
    expect(await other.result).toBe(1);
  });
});
