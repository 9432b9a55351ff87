import { atEndOfTurn } from './end-of-turn';

interface Asked<Item, Result> {
  item: Item;
  lane: string;
  resolve: (result: Result) => void;
  reject: (reason: Error) => void;
}

/**
 * Gathers what is asked for in one turn of the event loop, and asks for it together, at the end of the turn or as soon
 * as there is enough. A turn handles what has arrived by then: a busy process asks for much at once, and an idle one is
 * asked for one thing, which waits for nothing.
 *
 * What has the same lane is carried out in the order in which it was added, however long each asking takes and whatever
 * is tried again on the way: while one batch has items of a lane, later ones of that lane wait until it is answered.
 */
export class TurnBatches<Item, Result> {
  private readonly gathered = new Map<string, Asked<Item, Result>[]>();
  /** Lanes that are being asked for, and what waits behind each. */
  private readonly underWay = new Map<string, Asked<Item, Result>[]>();

  constructor(
    private readonly maxItems: number,
    /** Gives a result for each item, in their order; an Error in its place rejects that one, and a rejection all. */
    private readonly ask: (items: readonly Item[]) => Promise<readonly (Result | Error)[]>,
    /** What has the same key may be asked for together; a lane has one key, mostly. */
    private readonly keyOf: (item: Item) => string,
  ) {}

  add(lane: string, item: Item): Promise<Result> {
    return new Promise((resolve, reject) => this.gather({ item, lane, resolve, reject }));
  }

  private gather(asked: Asked<Item, Result>): void {
    const behind = this.underWay.get(asked.lane);
    if (behind !== undefined) {
      behind.push(asked);
      return;
    }
    const key = this.keyOf(asked.item);
    let batch = this.gathered.get(key);
    if (batch === undefined) {
      batch = [];
      this.gathered.set(key, batch);
      atEndOfTurn(() => this.flush(key));
    }
    batch.push(asked);
    if (batch.length === this.maxItems) this.flush(key);
  }

  private flush(key: string): void {
    const batch = this.gathered.get(key);
    if (batch === undefined) return;
    this.gathered.delete(key);
    for (const { lane } of batch) this.underWay.set(lane, []);
    this.ask(batch.map(({ item }) => item)).then(
      (results) => {
        this.goOn(batch);
        batch.forEach(({ resolve, reject }, i) => {
          const result = results[i] as Result | Error;
          if (result instanceof Error) reject(result);
          else resolve(result);
        });
      },
      (reason: Error) => {
        this.goOn(batch);
        for (const { reject } of batch) reject(reason);
      },
    );
  }

  /** A batch is answered: what waited behind its lanes comes before whatever is added from now on. */
  private goOn(batch: readonly Asked<Item, Result>[]): void {
    for (const { lane } of batch) {
      const behind = this.underWay.get(lane);
      if (behind === undefined) continue;
      this.underWay.delete(lane);
      for (const asked of behind) this.gather(asked);
    }
  }
}
