import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Gauge } from 'prom-client';
import type { Named } from './labelled-counter';

const QUANTILES = ['0.5', '0.9', '0.99', '1'];
const RESOLUTION_MS = 10;
const NANOSECONDS_PER_SECOND = 1e9;

/**
 * How late the event loop was, since the scrape before. Node measures the whole time between two ticks of a timer: the
 * timer's own interval is taken off, so that an idle node has a delay of about 0.
 */
export function measureEventLoopDelay({ name, help, registry }: Named): { stop(): void } {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  const gauge: Gauge = new Gauge({
    name,
    help,
    labelNames: ['quantile'],
    registers: [registry],
    collect: () => {
      for (const quantile of QUANTILES) {
        const seconds = histogram.percentile(Number(quantile) * 100) / NANOSECONDS_PER_SECOND;
        gauge.set({ quantile }, Math.max(0, seconds - RESOLUTION_MS / 1000));
      }
      histogram.reset();
    },
  });
  return { stop: () => void histogram.disable() };
}
