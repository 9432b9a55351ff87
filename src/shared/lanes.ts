/**
 * Steps that become ready in any order begin in the order in which they were announced, lane by lane. Only the beginning
 * is ordered: no step waits for another's end, and one that never becomes ready (it was refused) holds up nobody longer
 * than it takes to say so.
 */
export class Lanes {
  /** Of each lane that is in use: resolves when the step announced last has begun or been given up. */
  private readonly tails = new Map<string, Promise<unknown>>();

  /** Begins `step` once `ready` has resolved and every step announced before in this lane has begun or been given up. */
  inOrder<R, T>(lane: string, ready: Promise<R>, step: (value: R) => Promise<T>): Promise<T> {
    const before = this.tails.get(lane);
    const turn = before === undefined ? ready : ready.then((value) => before.then(() => value));
    const result = turn.then(step);
    // Registered behind the step, so that it has begun by then.
    const tail = turn.then(nothing, () => before);
    this.tails.set(lane, tail);
    void tail.then(() => {
      if (this.tails.get(lane) === tail) this.tails.delete(lane);
    });
    return result;
  }
}

function nothing(): void {
  // What was waited for has no value.
}
