import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Metrics } from '../../src/metrics';
import { parseScrape } from '../support/scrape';

const ROOT = join(__dirname, '../..');
const COLUMNS = 5;

interface Row {
  name: string;
  type: string;
  /** `–`, or the label and its values. */
  labels: string;
  unit: string;
  meaning: string;
}

/** The table of docs/metrics.md. */
function tableInDocs(): Row[] {
  const lines = readFileSync(join(ROOT, 'docs/metrics.md'), 'utf8').split('\n');
  const rows = lines.filter((line) => line.startsWith('| `beeline_'));
  return rows.map((row) => {
    const cells = row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
    expect(cells).toHaveLength(COLUMNS);
    const [name = '', type = '', labels = '', unit = '', meaning = ''] = cells;
    return { name: name.replaceAll('`', ''), type, labels, unit, meaning };
  });
}

/** Label and values of each series of a metric, as the table writes them; a histogram's buckets are no label of ours. */
function labelsOf(name: string, series: readonly string[]): string {
  const found = series.flatMap((text) => {
    const [, metric, label, value] = /^(\w+)\{(\w+)="([^"]+)"\}$/.exec(text) ?? [];
    return metric === name && label !== 'le' ? [[label, value] as const] : [];
  });
  if (found.length === 0) return '–';
  return `\`${found[0]?.[0]}\`: ${found.map(([, value]) => `\`${value}\``).join(', ')}`;
}

/** As Prometheus has it: the unit is the end of the name, and a counter ends in `total`. */
function unitOf(name: string): string {
  const unit = /_(seconds|bytes)$/.exec(name)?.[1];
  if (unit !== undefined) return unit;
  return name === 'beeline_ready' ? '0 or 1' : '–';
}

describe('the table of docs/metrics.md', () => {
  const rows = tableInDocs();
  let ours: Row[];

  beforeAll(async () => {
    const metrics = new Metrics();
    const series = Object.keys(parseScrape(await metrics.print()));
    ours = (await metrics.registry.getMetricsAsJSON())
      .filter(({ name }) => name.startsWith('beeline_'))
      .map(({ name, help, type }) => ({
        name,
        type: String(type),
        labels: labelsOf(name, series),
        unit: unitOf(name),
        meaning: help,
      }));
    metrics.onApplicationShutdown();
  });

  it('has every metric as the code has it, with every value that a label can have, and nothing else', () => {
    const byName = (a: Row, b: Row): number => a.name.localeCompare(b.name);
    expect(rows.toSorted(byName)).toEqual(ours.toSorted(byName));
  });

  it('has names that dashboards and alerts already use', () => {
    expect(rows.map(({ name }) => name)).toEqual(expect.arrayContaining(FIXED));
    expect(rows).toHaveLength(FIXED.length);
  });

  it('says that counters are counters, and nothing else is', () => {
    for (const { name, type } of rows)
      expect([name, name.endsWith('_total')]).toEqual([name, type === 'counter']);
  });
});

const FIXED = [
  'beeline_connections',
  'beeline_handshakes_total',
  'beeline_sends_total',
  'beeline_routes_total',
  'beeline_publishes_total',
  'beeline_publishes_unheard_total',
  'beeline_delivery_seconds',
  'beeline_inbox_appends_total',
  'beeline_replays_total',
  'beeline_replayed_messages',
  'beeline_catchups_total',
  'beeline_lagging_connections',
  'beeline_evictions_total',
  'beeline_transports_ended_total',
  'beeline_lease_age_seconds',
  'beeline_lease_seconds',
  'beeline_sweep_duration_seconds',
  'beeline_oldest_sweep_seconds',
  'beeline_sweep_interval_seconds',
  'beeline_redis_roundtrip_seconds',
  'beeline_eventloop_delay_seconds',
  'beeline_malformed_envelopes_total',
  'beeline_dedupe_hits_total',
  'beeline_ready',
  'beeline_store_free_bytes',
  'beeline_store_reopenings_total',
  'beeline_store_damaged_total',
  'beeline_store_missing_total',
];
