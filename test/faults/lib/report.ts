import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Violation } from './checker';
import type { History } from './history';

/** What one fault did, as the table of docs/reliability.md shows it. */
export interface Row {
  fault: string;
  sent: number;
  acknowledged: number;
  /** Messages handed to devices, repeats included. */
  delivered: number;
  lost: number;
  repeated: number;
  outOfOrder: number;
  /** From the end of the fault until connections, answers and presence were right again. */
  healMs: number | null;
  violations: number;
}

const RESULTS = join(__dirname, '../results.json');

export function rowOf(
  fault: string,
  { events }: History,
  violations: readonly Violation[],
  healMs: number | undefined,
): Row {
  const sends = new Set<string>();
  const acknowledged = new Set<string>();
  const seen = new Set<string>();
  let delivered = 0;
  let repeated = 0;
  for (const event of events) {
    if (event.kind === 'tried') sends.add(`${event.from} ${event.clientId}`);
    if (event.kind === 'answered') acknowledged.add(`${event.from} ${event.clientId}`);
    if (event.kind !== 'delivered') continue;
    const { user, device, message } = event;
    const key = `${user} ${device} ${message.channel} ${message.id}`;
    delivered += 1;
    if (seen.has(key)) repeated += 1;
    seen.add(key);
  }
  const broken = (rule: number): number => violations.filter((violation) => violation.rule === rule).length;
  return {
    fault,
    sent: sends.size,
    acknowledged: acknowledged.size,
    delivered,
    lost: broken(1),
    repeated,
    outOfOrder: broken(2),
    healMs: healMs === undefined ? null : Math.round(healMs),
    violations: violations.length,
  };
}

const COLUMNS: (keyof Row)[] = [
  'fault',
  'sent',
  'acknowledged',
  'delivered',
  'lost',
  'repeated',
  'outOfOrder',
  'healMs',
  'violations',
];

/** Prints the table, and with FAULT_SAVE=1 keeps it: rows of the same fault are replaced. */
export function report(rows: readonly Row[]): void {
  const cells = [COLUMNS.map(String), ...rows.map((row) => COLUMNS.map((column) => String(row[column])))];
  const widths = COLUMNS.map((_, i) => Math.max(...cells.map((line) => (line[i] as string).length)));
  const lines = cells.map((line) =>
    line
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] as number) : cell.padStart(widths[i] as number)))
      .join('  '),
  );
  process.stdout.write(`\n${lines.join('\n')}\n`);
  if (process.env['FAULT_SAVE'] === '1') save(rows);
}

function save(rows: readonly Row[]): void {
  const kept = new Map(readResults().map((row) => [row.fault, row]));
  for (const row of rows) kept.set(row.fault, row);
  writeFileSync(RESULTS, `${JSON.stringify([...kept.values()], null, 2)}\n`);
}

function readResults(): Row[] {
  try {
    return JSON.parse(readFileSync(RESULTS, 'utf8')) as Row[];
  } catch {
    return [];
  }
}
