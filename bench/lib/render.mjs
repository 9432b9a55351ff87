/** results.md from the saved rows. Of each case the newest run counts; ratios are taken within one run only. */
import { median, summary } from './statistics.mjs';
import { TARGETS } from '../targets/catalogue.mjs';

export function render(rows, reachOf) {
  const newest = newestOf(rows);
  const of = (scenario) => newest.filter((row) => row.scenario === scenario);
  return [
    INTRODUCTION,
    '## Machine\n',
    ...machinesOf(newest),
    ...part('Cost per message', COST_NOTE, costTables(of('cost'))),
    ...part('A fleet at one fixed rate', FLEET_NOTE, [table(of('fleet'), FLEET_COLUMNS)]),
    ...part('Latency', LATENCY_NOTE, [latencyTable(newest)]),
    ...part('Idle connections', IDLE_NOTE, [
      table(of('idle'), IDLE_COLUMNS),
      table(of('unread'), UNREAD_COLUMNS),
    ]),
    ...part('Catch-up', CATCH_UP_NOTE, [table(of('catch-up'), CATCH_UP_COLUMNS)]),
    ...part('Redis ceiling', CEILING_NOTE, [
      table(of('ceiling'), CEILING_COLUMNS),
      table(of('memory'), MEMORY_COLUMNS),
    ]),
    ...part('Reach', REACH_NOTE, [reachTable(reachOf)]),
  ].join('\n');
}

const INTRODUCTION = `# What it costs

Written by \`npm run bench\` from [results.json](results.json), which holds every sample. A figure is the median of its rounds, in brackets the lowest and the highest. In a round every case is measured once, one after the other, so that ratios are taken between neighbours in time; ratios are what lasts, for every machine has its own microseconds. [How it is measured](README.md).
`;

const COST_NOTE = `24 senders for each node (96 at least) send one message after the other, the receivers of a node's senders spread over all other nodes, after 6,000 messages of warm-up for each node, and 40,000 at least. Redis commands count those inside scripts too. CPU is that of all nodes and Redis, in µs per message that was sent, answered and received (times 10 it is ms per 10,000 messages); the driver's own stands apart. Receivers ack what they have at most every 200 ms where Beeline is measured, but for the row with one ack per message; the others have nothing to ack. Only the naive store and Beeline store anything. "Beeline ÷ this" is CPU, the median of pairs.

![CPU per message against nodes](plots/cost.svg)
`;
const FLEET_NOTE = `CPU per message while the whole fleet carries one fixed rate, the cost of the idle processes (measured just before) subtracted.

![CPU per message in a fleet](plots/fleet.svg)
`;
const LATENCY_NOTE = `From the time a message was meant to be sent, in an open loop, until its receiver has it, two nodes. The driver keeps one core busy to send on time; how late it was is in the last column, and is part of the figures.

![Latency](plots/latency.svg)
`;
const IDLE_NOTE = `One node. Memory after a full collection. CPU per connect includes everything that connecting brings with it: authentication, presence, session and replay where there are any. The second table: a device that has stored all its messages connects and leaves, of users with many unread and with none.
`;
const CATCH_UP_NOTE = `One node; every device connects at the same moment and gets the whole inbox of its user, then the same messages are pulled over REST in pages of 200. CPU is per message that reached a device.
`;
const CEILING_NOTE = `The scripts of the build, sent to Redis in batches of 16 down 8 connections, without nodes: an append and a publish per message, each append a script of its own, as a node with little to do sends it, or eight together, as a busy one does. "By hand" is one script of XADD, HGETALL and PUBLISH, or the three as plain commands. The three masters share two cores with the driver here, so CPU is what counts, and how evenly they share it (busiest master ÷ mean).
`;
const REACH_NOTE = `What was meant to be reached, of the newest run that has both sides. Less than 10 % apart is called equal.
`;

const µs = (name) => ({ from: name, digits: 1 });
const COST_COLUMNS = {
  'CPU, µs': µs('totalUs'),
  'nodes, µs': µs('nodesUs'),
  'Redis, µs': µs('redisUs'),
  'Redis bytes out': { from: 'redisBytesOut', digits: 0 },
  'Redis commands per 10,000': { from: 'redisCommands', digits: 0, times: 10_000 },
  'publishes per 10,000': { from: 'redisPublishes', digits: 0, times: 10_000 },
  'messages per second': { from: 'perSecond', digits: 0 },
  'driver, µs': µs('driverUs'),
  /** Near the number of cores where nothing else ran; one less shows that something did, or that nothing was saturated. */
  'cores busy': { of: coresBusy, digits: 2 },
};
const FLEET_COLUMNS = {
  'CPU per message, µs': µs('totalUs'),
  'nodes, µs': µs('nodesUs'),
  'Redis, µs': µs('redisUs'),
  'idle, ms CPU per second': { from: 'idleMsPerSecond', digits: 1 },
};
const LATENCY_COLUMNS = {
  'p50, ms': { from: 'p50Ms', digits: 2 },
  'p99, ms': { from: 'p99Ms', digits: 2 },
  'p99.9, ms': { from: 'p999Ms', digits: 2 },
  'longest, ms': { from: 'maxMs', digits: 1 },
  'driver late (p99), ms': { from: 'driverLateP99Ms', digits: 2 },
};
const KIB = 1 / 1024;
const IDLE_COLUMNS = {
  'RSS per connection, KiB': { from: 'rssBytes', digits: 1, times: KIB },
  'heap, KiB': { from: 'heapBytes', digits: 1, times: KIB },
  'CPU per connect, µs': { from: 'connectUs', digits: 0 },
  'of it Redis, µs': { from: 'connectRedisUs', digits: 0 },
  'kept for a minute: node, µs': { from: 'idleNodesUsPerMinute', digits: 0 },
  'Redis, µs': { from: 'idleRedisUsPerMinute', digits: 0 },
};
const UNREAD_COLUMNS = {
  'with many unread: CPU, µs': { from: 'manyUs', digits: 0 },
  'of it Redis, µs': { from: 'manyRedisUs', digits: 0 },
  'session after, ms': { from: 'manyMs', digits: 1 },
  'with none: CPU, µs': { from: 'noneUs', digits: 0 },
  'of that Redis, µs': { from: 'noneRedisUs', digits: 0 },
  'session after that, ms': { from: 'noneMs', digits: 1 },
};
const CATCH_UP_COLUMNS = {
  'all in step after, s': { from: 'replaySeconds', digits: 2 },
  'replayed per second': { from: 'replayPerSecond', digits: 0 },
  'node, µs': µs('replayNodesUs'),
  'Redis, µs': µs('replayRedisUs'),
  'peak RSS, MiB': { from: 'peakRssMiB', digits: 0 },
  'pulled per second': { from: 'pullPerSecond', digits: 0 },
  'node, µs, pulled': µs('pullNodesUs'),
  'Redis, µs, pulled': µs('pullRedisUs'),
};
const CEILING_COLUMNS = {
  'Redis CPU each, µs': { from: 'redisUs', digits: 2 },
  'per second of a core': { from: 'perCoreSecond', digits: 0 },
  'seen per second': { from: 'perSecond', digits: 0 },
  'busiest master ÷ mean': { from: 'busiestMaster', digits: 2 },
};
const MEMORY_COLUMNS = {
  'per message, bytes': { from: 'messageBytes', digits: 0 },
  'of it JSON': { from: 'messageJsonBytes', digits: 0 },
  'per dedupe record': { from: 'dedupeBytes', digits: 0 },
  'per idle connected user': { from: 'idleUserBytes', digits: 0 },
};
const CEILING_TITLES = {
  beeline: 'append and publish',
  gathered: 'append and publish, eight messages a script',
  'by-hand': 'by hand, one script',
  'by-hand-commands': 'by hand, three commands',
  'three-masters': 'append and publish, three masters',
  sweep: 'sweep of a user',
  register: 'registration of a connection',
};

export function newestOf(rows) {
  const byCase = new Map();
  for (const row of rows)
    if (row.samples.length > 0) byCase.set(`${row.scenario}/${row.target}/${row.nodes}`, row);
  return [...byCase.values()];
}

function part(title, note, tables) {
  const filled = tables.filter((text) => text !== undefined);
  return filled.length === 0 ? [] : [`\n## ${title}\n`, note, filled.join('\n\n')];
}

function machinesOf(rows) {
  const texts = rows.map(({ machine, versions }) =>
    [
      ...Object.values(machine),
      ...Object.entries(versions).map(([name, version]) => `${name} ${version}`),
    ].join(' · '),
  );
  const commits = new Set(rows.map(({ run }) => run));
  return [
    ...[...new Set(texts)].map((text) => `- ${text}`),
    `- runs: ${[...commits].map((run) => `\`${run}\``).join(', ')}`,
  ];
}

function costTables(rows) {
  const sizes = [...new Set(rows.map(({ nodes }) => nodes))].toSorted((a, b) => a - b);
  return sizes.map((size) => {
    const ofSize = rows.filter(({ nodes }) => nodes === size);
    const beeline = ofSize.find(({ target }) => target === 'beeline');
    const ratio = (row) => (beeline === undefined || beeline.run !== row.run ? '' : ratioOf(beeline, row));
    return `**${size === 1 ? '1 node' : `${size} nodes`}**\n\n${table(ofSize, COST_COLUMNS, { 'Beeline ÷ this': ratio })}`;
  });
}

function coresBusy({ totalUs, driverUs, perSecond }) {
  return ((totalUs + driverUs) * perSecond) / 1e6;
}

function ratioOf(above, below) {
  const count = Math.min(above.samples.length, below.samples.length);
  const ratios = Array.from({ length: count }, (_, i) => above.samples[i].totalUs / below.samples[i].totalUs);
  return spread(ratios, 2);
}

function latencyTable(rows) {
  const ofLatency = rows.filter(({ scenario }) => scenario.startsWith('latency '));
  const kind = (row) => {
    const [, way, perSecond] = row.scenario.split(' ');
    return `${way === 'same' ? 'same node' : 'across nodes'}, ${perSecond}/s`;
  };
  return table(ofLatency, LATENCY_COLUMNS, {}, kind);
}

function table(rows, columns, more = {}, kindOf = undefined) {
  if (rows.length === 0) return undefined;
  const manySizes = new Set(rows.map(({ nodes }) => nodes)).size > 1;
  const head = [
    ...(kindOf ? ['way'] : []),
    '',
    ...(manySizes ? ['nodes'] : []),
    ...Object.keys(columns),
    ...Object.keys(more),
    'rounds',
  ];
  const lines = rows.map((row) => [
    ...(kindOf ? [kindOf(row)] : []),
    TARGETS[row.target] !== undefined && row.scenario !== 'ceiling'
      ? TARGETS[row.target].title
      : CEILING_TITLES[row.target],
    ...(manySizes ? [row.nodes] : []),
    ...Object.values(columns).map((column) => cell(row.samples, column)),
    ...Object.values(more).map((of) => of(row)),
    row.samples.length,
  ]);
  return markdown(head, lines);
}

function cell(samples, { from, of = (sample) => sample[from], digits, times = 1 }) {
  const numbers = samples.map(of).filter((number) => number !== undefined);
  return numbers.length === 0
    ? ''
    : spread(
        numbers.map((number) => number * times),
        digits,
      );
}

function spread(numbers, digits) {
  const text = (number) =>
    number.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  if (numbers.length === 1) return text(numbers[0]);
  const { lowest, highest } = summary(numbers);
  return `${text(median(numbers))} (${text(lowest)}–${text(highest)})`;
}

function reachTable(figures) {
  const known = figures.filter(({ count }) => count > 0);
  if (known.length === 0) return undefined;
  return markdown(
    ['figure', 'reach', 'median of pairs', 'lowest–highest', 'called', 'pairs', 'holds'],
    reachLines(known),
  );
}

export function reachLines(figures) {
  return figures.map(({ figure, limit, median: middle, lowest, highest, called, count, holds }) => [
    figure,
    limit,
    middle?.toFixed(2) ?? 'not measured',
    middle === undefined ? '' : `${lowest.toFixed(2)}–${highest.toFixed(2)}`,
    called ?? '',
    count,
    holds === undefined ? (limit === 'reported' ? '' : 'too few pairs') : holds ? 'yes' : 'no',
  ]);
}

function markdown(head, lines) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  const rule = head.map((_, i) => (i === 0 ? '---' : '--:'));
  return ['<!-- prettier-ignore -->', line(head), line(rule), ...lines.map(line)].join('\n');
}
