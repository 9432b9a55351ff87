/**
 * Writes the table of docs/reliability.md from what `npm run test:faults -- --save` has kept. Rounds of random
 * schedules become one row.
 */
import { readFileSync, writeFileSync } from 'node:fs';

const DOCUMENT = 'docs/reliability.md';
const RANDOM = /^schedule \d+$/;

const results = JSON.parse(readFileSync('test/faults/results.json', 'utf8'));
const rounds = results.filter(({ fault }) => RANDOM.test(fault));
const rows = results.filter(({ fault }) => !RANDOM.test(fault));
if (rounds.length > 0) rows.push(sumOf(rounds));

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

function sumOf(parts) {
  const sum = (field) => parts.reduce((total, part) => total + part[field], 0);
  return {
    fault: `${parts.length} random schedules of these`,
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
