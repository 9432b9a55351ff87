import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { History, HistoryEvent } from '../faults/lib/history';
import type { Crowd } from './crowd';

const DOCUMENT = join(__dirname, '../../docs/operations.md');

export interface Phase {
  name: string;
  from: number;
  to: number;
}

/** What clients saw in one phase; sends and their deliveries count where they were first tried. */
export interface Measures {
  phase: string;
  seconds: number;
  sent: number;
  acknowledged: number;
  failed: number;
  slowestAnswerMs: number;
  slowestDeliveryMs: number;
  reconnects: number;
  mostInOneSecond: number;
  longestAwayMs: number;
  connectErrors: number;
  sendErrors: number;
}

export function measure({ name, from, to }: Phase, { events }: History, crowd: Crowd): Measures {
  const isIn = (at: number): boolean => at >= from && at < to;
  const triedAt = new Map<string, number>();
  const answers: number[] = [];
  const deliveries: number[] = [];
  const reconnectedAt: number[] = [];
  const away: number[] = [];
  let sendErrors = 0;
  const endedAt = new Map<string, number>();
  const seen = new Set<string>();
  for (const event of events) {
    if (event.kind === 'tried' && isIn(event.at) && !triedAt.has(event.clientId))
      triedAt.set(event.clientId, event.at);
    if (event.kind === 'answered') noteSince(answers, triedAt.get(event.clientId), event);
    if (event.kind === 'unanswered' && isIn(event.at)) sendErrors += 1;
    if (event.kind === 'ended' && isIn(event.at)) endedAt.set(event.user, event.at);
    if (event.kind === 'connected' && endedAt.has(event.user)) {
      reconnectedAt.push(event.at);
      noteSince(away, endedAt.get(event.user), event);
      endedAt.delete(event.user);
    }
    if (event.kind === 'delivered' && !seen.has(event.message.clientId)) {
      seen.add(event.message.clientId);
      noteSince(deliveries, triedAt.get(event.message.clientId), event);
    }
  }
  return {
    phase: name,
    seconds: Math.round((to - from) / 1000),
    sent: triedAt.size,
    acknowledged: answers.length,
    failed: crowd.failedAt.filter(isIn).length,
    slowestAnswerMs: greatest(answers),
    slowestDeliveryMs: greatest(deliveries),
    reconnects: reconnectedAt.length,
    mostInOneSecond: mostInOneSecond(reconnectedAt),
    longestAwayMs: greatest(away),
    connectErrors: crowd.connectErrors.filter(({ at }) => isIn(at)).length,
    sendErrors,
  };
}

function noteSince(into: number[], since: number | undefined, { at }: HistoryEvent & { at: number }): void {
  if (since !== undefined) into.push(at - since);
}

function greatest(values: readonly number[]): number {
  return Math.round(values.reduce((most, value) => Math.max(most, value), 0));
}

/** The most that fall into any second. */
function mostInOneSecond(times: readonly number[]): number {
  return times.reduce(
    (most, from) => Math.max(most, times.filter((at) => at >= from && at < from + 1000).length),
    0,
  );
}

const COLUMNS: [title: string, key: keyof Measures, unit?: string][] = [
  ['Phase', 'phase'],
  ['Took', 'seconds', ' s'],
  ['Sent', 'sent'],
  ['Acknowledged', 'acknowledged'],
  ['Failed after retries', 'failed'],
  ['Slowest answer', 'slowestAnswerMs', ' ms'],
  ['Longest gap of a receiver', 'slowestDeliveryMs', ' ms'],
  ['Reconnects', 'reconnects'],
  ['Most in one second', 'mostInOneSecond'],
  ['Longest away', 'longestAwayMs', ' ms'],
  ['Failed connects', 'connectErrors'],
  ['Sends tried again', 'sendErrors'],
];

/** Prints the table, and with ROLLOUT_SAVE=1 puts it between the marks in docs/operations.md. */
export function report(rows: readonly Measures[], remarks: readonly string[]): void {
  const table = [
    `| ${COLUMNS.map(([title]) => title).join(' | ')} |`,
    `| ${COLUMNS.map((_, i) => (i === 0 ? '---' : '--:')).join(' | ')} |`,
    ...rows.map((row) => `| ${COLUMNS.map(([, key, unit = '']) => `${row[key]}${unit}`).join(' | ')} |`),
    '',
    ...remarks.map((remark) => `- ${remark}`),
  ].join('\n');
  process.stdout.write(`\n${table}\n`);
  if (process.env['ROLLOUT_SAVE'] !== '1') return;
  const text = readFileSync(DOCUMENT, 'utf8').replace(
    /(<!-- rollout -->)[^]*(<!-- \/rollout -->)/,
    (_all, begin: string, end: string) => `${begin}\n<!-- prettier-ignore -->\n${table}\n\n${end}`,
  );
  writeFileSync(DOCUMENT, text);
}
