import fc from 'fast-check';
import { FeedRun, type Step } from '../../test/support/feed-run';
import { lastOf } from '../../test/support/model-inbox';
import { BEGINNING, type MessageJson, type Offset } from '../shared';
import { Feed } from './feed';

type Weighted = fc.WeightedArbitrary<Step>;

const plain = (...names: (Step & { count?: never; ago?: never })['do'][]): fc.Arbitrary<Step> =>
  fc.constantFrom(...names).map((name) => ({ do: name }) as Step);
const counted = (name: 'cut' | 'go back', max: number): fc.Arbitrary<Step> =>
  fc.integer({ min: 1, max }).map((count) => ({ do: name, count }));
const offer = fc.record({ do: fc.constant('offer' as const), ago: fc.nat({ max: 4 }), grown: fc.boolean() });
const compare = fc.record({ do: fc.constant('compare' as const), ago: fc.nat({ max: 3 }) });

const always: Weighted[] = [
  { weight: 6, arbitrary: plain('append') },
  { weight: 8, arbitrary: offer },
  { weight: 6, arbitrary: plain('ask', 'look', 'hand over') },
  { weight: 2, arbitrary: compare },
  { weight: 2, arbitrary: plain('register', 'begin', 'fail', 'lag', 'resume') },
];
const retention: Weighted[] = [
  { weight: 2, arbitrary: counted('cut', 3) },
  { weight: 1, arbitrary: plain('expire') },
];
const emptied: Weighted[] = [{ weight: 1, arbitrary: plain('empty') }];
const goneBack: Weighted[] = [{ weight: 1, arbitrary: counted('go back', 4) }];

/** Plays any interleaving of these steps, each of which is held to the rules, until all is at rest; then checks. */
function forAnyRun(
  kinds: Weighted[],
  check: (run: FeedRun) => void,
  checkAlways: (run: FeedRun) => void = () => undefined,
): void {
  const steps = fc.array(fc.oneof(...always, ...kinds), { maxLength: 60, size: 'max' });
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 4 }), fc.nat({ max: 5 }), (taken, pageLimit, start) => {
      const run = new FeedRun(pageLimit, start);
      for (const step of taken) {
        run.take(step);
        checkAlways(run);
      }
      run.settle();
      check(run);
    }),
    { numRuns: 1000 },
  );
}

const [one, two, three] = ['1-0', '2-0', '3-0'] as Offset[] as [Offset, Offset, Offset];
const json = '{}' as MessageJson;

describe('a feed', () => {
  it('promise 2: gives every message after its start once and in order, however word of them comes', () => {
    forAnyRun(
      [],
      (run) => {
        const { chain } = run.inbox.state;
        expect(run.messages).toEqual(chain.slice(chain.length - run.messages.length));
        expect(run.position).toBe(lastOf(run.inbox.state));
        expect(run.kinds).not.toContain('truncated');
        expect(run.kinds).toContain('synced');
      },
      (run) => run.checkHasWhatWasOffered(),
    );
  });

  it('tells of every gap that retention made, before the first message after it, and of none besides', () => {
    forAnyRun(
      retention,
      (run) => {
        expect(run.position).toBe(lastOf(run.inbox.state));
        expect(run.kinds).toContain('synced');
      },
      (run) => run.checkHasWhatWasOffered(),
    );
  });

  it('goes on with a store begun anew, and tells that what was before is gone', () => {
    forAnyRun([...retention, ...emptied], (run) => {
      const last = lastOf(run.inbox.state);
      expect(run.kinds).not.toContain('reset');
      expect(run.kinds).toContain('synced');
      expect([BEGINNING, run.position]).toContain(last);
    });
  });

  it('ends where the store has gone back behind what was pushed, and only there', () => {
    forAnyRun(goneBack, (run) => {
      const last = lastOf(run.inbox.state);
      expect(run.wasReset || last === BEGINNING || run.position === last).toBe(true);
    });
  });

  it('keeps its rules when everything happens', () => {
    forAnyRun([...retention, ...emptied, ...goneBack], (run) => {
      const last = lastOf(run.inbox.state);
      expect(run.wasReset || last === BEGINNING || run.position === last).toBe(true);
      expect(run.wasReset || run.kinds.includes('synced')).toBe(true);
    });
  });

  it('reads nothing where it begins at the end, unless there has been word of something later', () => {
    const [idle, told] = [new Feed(), new Feed()];
    told.offer({ offset: two, prev: one, json });
    expect(idle.begin(one, one)).toEqual([{ kind: 'synced', offset: one, count: 0 }]);
    expect(idle.wantsRead).toBe(false);
    expect(idle.offer({ offset: two, prev: one, json })?.offset).toBe(two);
    expect(told.begin(one, one)).toEqual([]);
    expect(told.wantsRead).toBe(true);
  });

  it('passes over what a page holds at or before its position', () => {
    const feed = new Feed();
    feed.begin(one, two);
    feed.startRead();
    const entries = [
      { offset: one, prev: BEGINNING, json },
      { offset: two, prev: one, json },
    ];
    const outputs = feed.accept({ entries, last: two, more: false });
    expect(outputs.map(({ kind }) => kind)).toEqual(['message', 'synced']);
  });

  it('takes nothing more once it has been reset', () => {
    const feed = new Feed();
    feed.begin(two, three);
    feed.startRead();
    expect(feed.accept({ entries: [], last: one, more: false })).toEqual([{ kind: 'reset' }]);
    const entry = { offset: three, prev: two, json };
    expect(feed.accept({ entries: [entry], last: three, more: false })).toEqual([]);
    expect(feed.offer(entry)).toBeUndefined();
    feed.resume();
    feed.compare(three);
    expect(feed.wantsRead).toBe(false);
  });
});
