import { atEndOfTurn } from './end-of-turn';

interface Waiting<Item, Result> {
  items: Item[];
  settle: { resolve: (result: Result) => void; reject: (reason: Error) => void }[];
}

/**
 * Gathers what is asked for in one turn of the event loop, and asks for it together, at the end of the turn or as soon
 * as there is enough. A turn handles what has arrived by then: a busy process asks for much at once, and an idle one is
 * asked for one thing, which waits for nothing.
 */
export class TurnBatches<Item, Result> {
  private readonly waiting = new Map<string, Waiting<Item, Result>>();

  constructor(
    private readonly maxItems: number,
    /** Gives a result for each item, in their order; an Error in its place rejects that one, and a rejection all. */
    private readonly ask: (items: readonly Item[]) => Promise<readonly (Result | Error)[]>,
  ) {}

  /** What has the same key may be asked for together. */
  add(key: string, item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      let batch = this.waiting.get(key);
      if (batch === undefined) {
        batch = { items: [], settle: [] };
        this.waiting.set(key, batch);
        atEndOfTurn(() => this.flush(key));
      }
      batch.items.push(item);
      batch.settle.push({ resolve, reject });
      if (batch.items.length === this.maxItems) this.flush(key);
    });
  }

  private flush(key: string): void {
    const batch = this.waiting.get(key);
    if (batch === undefined) return;
    this.waiting.delete(key);
    const { items, settle } = batch;
    this.ask(items).then(
      (results) =>
        settle.forEach(({ resolve, reject }, i) => {
          const result = results[i] as Result | Error;
          if (result instanceof Error) reject(result);
          else resolve(result);
        }),
      (reason: Error) => settle.forEach(({ reject }) => reject(reason)),
    );
  }
}
