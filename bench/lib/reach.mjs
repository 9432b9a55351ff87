/**
 * The figures that are meant to be reached. Each is a ratio of two samples of the same round (a pair); it holds if
 * the median of at least five pairs does.
 */
import { summary } from './statistics.mjs';

const PAIRS_NEEDED = 5;
/** Less than this apart is called equal. */
const EQUAL = 0.1;

const value = (scenario, target, nodes, name) => ({ scenario, target, nodes, name });
const cost = (target, nodes, name = 'totalUs') => value('cost', target, nodes, name);
const fleet = (target, nodes) => value('fleet', target, nodes, 'totalUs');
const idle = (target, name) => value('idle', target, 1, name);
const ceiling = (target) => value('ceiling', target, 1, 'redisUs');

const against = (title, other, atMost) => ({
  figure: `CPU per message, 4 nodes: Beeline ÷ ${title}`,
  of: cost('beeline', 4),
  by: cost(other, 4),
  atMost,
});

const FIGURES = [
  against('redis-adapter behind a Nest gateway', 'nest-classic', 0.7),
  against('sharded behind a Nest gateway', 'nest-sharded', 0.7),
  against('redis-adapter bare', 'classic', 1),
  against('sharded bare', 'sharded', 1),
  against('redis-adapter and a naive store', 'naive', 0.75),
  {
    figure: 'CPU per message, 1 node ÷ bare Socket.IO',
    of: cost('beeline', 1),
    by: cost('bare', 1),
    atMost: 1.8,
  },
  { figure: 'fleet of 32 ÷ fleet of 4', of: fleet('beeline', 32), by: fleet('beeline', 4), atMost: 1.3 },
  { figure: 'the same of redis-adapter, beside it', of: fleet('classic', 32), by: fleet('classic', 4) },
  {
    figure: 'Redis bytes out per message, 16 nodes ÷ 2 nodes',
    of: cost('beeline', 16, 'redisBytesOut'),
    by: cost('beeline', 2, 'redisBytesOut'),
    atMost: 1.05,
  },
  { figure: 'publishes per message, 4 nodes', of: cost('beeline', 4, 'redisPublishes'), atMost: 1.005 },
  {
    figure: 'Redis CPU per message ÷ (append, look-up, publish by hand)',
    of: ceiling('beeline'),
    by: ceiling('by-hand'),
    atMost: 1.3,
  },
  {
    figure: 'idle connection RSS ÷ bare Socket.IO',
    of: idle('beeline', 'rssBytes'),
    by: idle('bare', 'rssBytes'),
    atMost: 1.3,
  },
  {
    figure: 'CPU per connect ÷ bare Socket.IO',
    of: idle('beeline', 'connectUs'),
    by: idle('bare', 'connectUs'),
    atMost: 2,
  },
  {
    figure: 'connect with 10,000 unread ÷ with none',
    of: value('unread', 'beeline', 1, 'manyUs'),
    by: value('unread', 'beeline', 1, 'noneUs'),
    atMost: 1.3,
  },
  {
    figure: 'throughput at saturation, 4 nodes ÷ redis-adapter bare',
    of: cost('beeline', 4, 'perSecond'),
    by: cost('classic', 4, 'perSecond'),
    atLeast: 0.9,
  },
];

/** What the rows say of each figure; `holds` is undefined where there are too few pairs or no limit. */
export function reached(rows) {
  return FIGURES.map(({ figure, of, by, atMost, atLeast }) => {
    const numbers = pairsOf(rows, of, by);
    const limit =
      atMost !== undefined ? `at most ${atMost}` : atLeast !== undefined ? `at least ${atLeast}` : 'reported';
    if (numbers.length === 0) return { figure, limit, count: 0 };
    const { median, lowest, highest, count } = summary(numbers);
    const isWithin = median <= (atMost ?? Infinity) && median >= (atLeast ?? -Infinity);
    const holds = count < PAIRS_NEEDED || limit === 'reported' ? undefined : isWithin;
    return {
      figure,
      limit,
      median,
      lowest,
      highest,
      count,
      holds,
      called: by === undefined ? '' : callIt(median),
    };
  });
}

/** Of the newest run that has both. */
function pairsOf(rows, of, by) {
  const above = rows.findLast((row) => isOf(row, of) && (by === undefined || rowBeside(rows, row, by)));
  if (above === undefined) return [];
  const numbers = above.samples.map((sample) => sample[of.name]);
  if (by === undefined) return numbers;
  const below = rowBeside(rows, above, by).samples.map((sample) => sample[by.name]);
  return numbers.slice(0, below.length).map((number, round) => number / below[round]);
}

const rowBeside = (rows, { run }, place) => rows.find((row) => row.run === run && isOf(row, place));

const isOf = ({ scenario, target, nodes, samples }, place) =>
  scenario === place.scenario && target === place.target && nodes === place.nodes && samples.length > 0;

function callIt(ratio) {
  if (Math.abs(ratio - 1) < EQUAL) return 'equal';
  return ratio < 1 ? 'less' : 'more';
}
