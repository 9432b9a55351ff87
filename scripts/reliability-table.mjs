/**
 * Writes the table of docs/reliability.md from what `npm run test:faults -- --save` has kept. Rounds of random
 * schedules become one row.
 */
import { readFileSync, writeFileSync } from 'node:fs';

const DOCUMENT = 'docs/reliability.md';
const RANDOM = /^schedule \d+(?: \((?<store>\w+)\))?$/;
const STORES = { redis: 'one server', cluster: 'a Cluster', embedded: 'the embedded store' };

const results = JSON.parse(readFileSync('test/faults/results.json', 'utf8'));
const storeOf = ({ fault }) => RANDOM.exec(fault)?.groups.store ?? 'redis';
const rows = results.filter(({ fault }) => !RANDOM.test(fault));
for (const [store, name] of Object.entries(STORES)) {
  const rounds = results.filter((result) => RANDOM.test(result.fault) && storeOf(result) === store);
  if (rounds.length > 0) rows.push(sumOf(rounds, name));
}

const table = [
  '| Fault | Sent | Acknowledged | Delivered | Lost | Repeated | Out of order | Other violations | Healed after |',
  '| --- | --: | --: | --: | --: | --: | --: | --: | --: |',
  ...rows.map(
    ({ fault, sent, acknowledged, delivered, lost, repeated, outOfOrder, violations, healMs }) =>
      `| ${fault} | ${sent} | ${acknowledged} | ${delivered} | ${lost} | ${repeated} | ${outOfOrder} | ${violations - lost - outOfOrder} | ${healMs === null ? 'never' : `${healMs} ms`} |`,
  ),
].join('\n');

writeFileSync(
  DOCUMENT,
  readFileSync(DOCUMENT, 'utf8').replace(
    /(<!-- results -->)[^]*(<!-- \/results -->)/,
    (_all, begin, end) => `${begin}\n<!-- prettier-ignore -->\n${table}\n\n${end}`,
  ),
);

function sumOf(parts, store) {
  const sum = (field) => parts.reduce((total, part) => total + part[field], 0);
  return {
    fault: `${parts.length} random schedules of these on ${store}`,
    sent: sum('sent'),
    acknowledged: sum('acknowledged'),
    delivered: sum('delivered'),
    lost: sum('lost'),
    repeated: sum('repeated'),
    outOfOrder: sum('outOfOrder'),
    violations: sum('violations'),
    healMs: Math.max(...parts.map(({ healMs }) => healMs ?? Number.POSITIVE_INFINITY)),
  };
}
