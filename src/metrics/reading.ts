import { Gauge } from 'prom-client';
import type { Named } from './labelled-counter';

/** A gauge that is read when it is scraped, from whoever knows: 0 until somebody does. */
export class Reading {
  private read = (): number => 0;

  constructor({ name, help, registry }: Named) {
    const collect = (): void => gauge.set(this.read());
    const gauge: Gauge = new Gauge({ name, help, registers: [registry], collect });
  }

  from(read: () => number): void {
    this.read = read;
  }
}
