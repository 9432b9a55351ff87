export interface Spending {
  /** Whose rate: a user or an address. Without braces, and without `/`. */
  owner: string;
  /** Which of the owner's rates. */
  rate: string;
  /** How much, at most `burst`; less than nothing gives back. */
  cost: number;
  /** One comes back in this time; it need not be whole. */
  intervalMs: number;
  /** What may be spent at once by an owner who has spent nothing for long. */
  burst: number;
}

export interface Spent {
  allowed: boolean;
  /** 0 where allowed; otherwise a whole number of milliseconds after which it would be. */
  retryAfterMs: number;
}

/**
 * Rates that hold for the whole cluster: token buckets by the store's clock. Each method is atomic for its owner and
 * rate; what has been spent is forgotten once it has come back. Nothing here outlives that, nor has to: the embedded
 * store's are gone with its process.
 */
export abstract class RateStore {
  /** Spends all of the cost, or nothing: then `retryAfterMs` is when the same would be allowed. */
  abstract spend(spending: Spending): Promise<Spent>;

  /**
   * Spends the cost whether there is enough or not, for what has happened already. `allowed` where it was within the
   * burst; otherwise the owner is in debt, and out of it after `retryAfterMs`.
   */
  abstract charge(spending: Spending): Promise<Spent>;

  /** Gives back what was spent. A bucket is never more than full by it. */
  async giveBack(spending: Spending): Promise<void> {
    await this.charge({ ...spending, cost: -spending.cost });
  }
}
