import { randomUUID } from 'node:crypto';

/** A node that has not answered by then is not waited for: whoever asked goes by what is stored. */
const PATIENCE_MS = 1000;

/** Questions that other nodes have been asked and have not answered yet. */
export class Questions {
  private readonly open = new Map<string, () => void>();

  /** Asks with an id of its own. Resolves when that is answered, or when it has not been for a second. */
  ask(send: (question: string) => void): Promise<void> {
    const question = randomUUID();
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.open.delete(question);
        resolve();
      };
      const timer = setTimeout(done, PATIENCE_MS);
      this.open.set(question, done);
      send(question);
    });
  }

  /** Unknown ones are fine: the answer was late. */
  answered(question: string): void {
    this.open.get(question)?.();
  }
}
