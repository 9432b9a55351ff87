import { Counter, type Registry } from 'prom-client';

/** What a counter is called, and what its number means. */
export interface Named {
  name: string;
  help: string;
  registry: Registry;
}

/**
 * A counter with one label, whose values are all known beforehand: their number is bounded, each is there (as 0)
 * from the first scrape on, and counting makes no object.
 */
export class LabelledCounter<Value extends string> {
  private readonly increments = new Map<Value, () => void>();

  constructor({ name, help, registry }: Named, label: string, values: readonly Value[]) {
    const counter = new Counter({ name, help, labelNames: [label], registers: [registry] });
    for (const value of values) {
      const child = counter.labels(value);
      child.inc(0);
      this.increments.set(value, () => child.inc());
    }
  }

  inc(value: Value): void {
    this.increments.get(value)?.();
  }
}
