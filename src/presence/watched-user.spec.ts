import fc from 'fast-check';
import type { PresenceState } from './presence-store.port';
import { WatchedUser } from './watched-user';

const DEBOUNCE_MS = 1000;

const of = (devices: number, lastSeen = 1): PresenceState => ({
  online: devices > 0,
  devices,
  lastSeen: devices > 0 ? null : lastSeen,
});

/** One step: some time passes, and then somebody comes or goes, or it is looked how many devices there are. */
type Step =
  | { kind: 'look'; devices: number; settled: boolean; afterMs: number }
  | { kind: 'add' | 'remove'; watcher: number; afterMs: number };

const afterMs = fc.oneof(
  fc.constantFrom(0, 1, DEBOUNCE_MS - 1, DEBOUNCE_MS),
  fc.nat({ max: 2 * DEBOUNCE_MS }),
);
const watchers = fc.nat({ max: 2 });
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('look' as const),
        devices: fc.nat({ max: 3 }),
        settled: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, fc.boolean()),
        afterMs,
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constantFrom('add' as const, 'remove'), watcher: watchers, afterMs }),
    },
  ),
  { maxLength: 30 },
);

/** One watcher of the run: what it was told, and since when every look has found fewer devices than that. */
interface Known {
  told: PresenceState;
  fewerSinceMs: number | undefined;
}

/** Plays the steps as `Watching` does, which looks again when it is due; and checks every word that is said. */
class Run {
  readonly user = new WatchedUser<number>(DEBOUNCE_MS);
  readonly known = new Map<number, Known>();
  nowMs = 0;
  state = of(0);

  play(step: Step): void {
    this.passTime(step.afterMs);
    if (step.kind === 'look') {
      this.state = of(step.devices, this.nowMs);
      this.look(step.settled);
    } else if (step.kind === 'remove') {
      this.user.remove(step.watcher);
      this.known.delete(step.watcher);
    } else {
      this.user.add(step.watcher, this.state);
      this.known.set(step.watcher, { told: this.state, fewerSinceMs: undefined });
    }
  }

  /** Time goes by, and whenever somebody's wait is over it is looked. */
  passTime(ms: number): void {
    const endMs = this.nowMs + ms;
    for (const known of this.known.values()) {
      const dueMs = known.fewerSinceMs === undefined ? undefined : known.fewerSinceMs + DEBOUNCE_MS;
      if (dueMs !== undefined && dueMs > this.nowMs && dueMs <= endMs) {
        this.nowMs = dueMs;
        check('it looks when it is due', this.user.isDue(this.nowMs));
        this.look(false);
      }
    }
    this.nowMs = endMs;
    if (this.user.isDue(this.nowMs)) this.look(false);
  }

  look(settled: boolean): void {
    const said = new Map(this.user.take(this.state, this.nowMs, settled).map((word) => [word.watcher, word]));
    for (const [watcher, known] of this.known) {
      const isFewer = this.state.devices < known.told.devices;
      if (isFewer) known.fewerSinceMs ??= this.nowMs;
      const waitedMs = this.nowMs - (known.fewerSinceMs ?? this.nowMs);
      const word = said.get(watcher);
      if (word === undefined) {
        // Silence is right where there is nothing new, or where it may be flapping.
        const isFlapping = isFewer && !settled && waitedMs < DEBOUNCE_MS;
        check('whoever has news is told', isFlapping || isSame(known.told, this.state));
      } else {
        check('the news is how it is', isSame(word.state, this.state));
        check('nobody is told the same twice', !isSame(known.told, this.state));
        check('a debounce is waited', !isFewer || settled || waitedMs >= DEBOUNCE_MS);
        known.told = word.state;
      }
      if (!(this.state.devices < known.told.devices)) known.fewerSinceMs = undefined;
      said.delete(watcher);
    }
    check('only watchers are told', said.size === 0);
  }
}

function check(what: string, holds: boolean): void {
  if (!holds) throw new Error(`not so: ${what}`);
}

const isSame = (a: PresenceState, b: PresenceState): boolean =>
  a.devices === b.devices && a.lastSeen === b.lastSeen;

describe('a watched user', () => {
  it('is told of at once where there are more, after the debounce where there are fewer, and never twice alike', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const run = new Run();
        for (const step of all) run.play(step);
        run.passTime(DEBOUNCE_MS);
        for (const { told } of run.known.values()) expect(told).toEqual(run.state);
        expect(run.user.isDue(Number.MAX_SAFE_INTEGER)).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });

  it('who flaps faster than the debounce is not told of, however long', () => {
    const flaps = fc.array(
      fc.record({ awayMs: fc.nat({ max: DEBOUNCE_MS - 1 }), hereMs: fc.nat({ max: 3 * DEBOUNCE_MS }) }),
      { minLength: 1, maxLength: 20 },
    );
    fc.assert(
      fc.property(flaps, fc.integer({ min: 1, max: 3 }), (all, devices) => {
        const user = new WatchedUser<string>(DEBOUNCE_MS);
        user.add('watcher', of(devices));
        let nowMs = 0;
        for (const { awayMs, hereMs } of all) {
          expect(user.take(of(devices - 1, nowMs), nowMs, false)).toEqual([]);
          nowMs += awayMs;
          expect(user.isDue(nowMs)).toBe(false);
          expect(user.take(of(devices), nowMs, false)).toEqual([]);
          nowMs += hereMs;
          expect(user.isDue(nowMs)).toBe(false);
        }
      }),
    );
  });

  it('whose node died is told of at once, also in the middle of a debounce', () => {
    const user = new WatchedUser<string>(DEBOUNCE_MS);
    user.add('watcher', of(2));
    expect(user.take(of(1), 0, false)).toEqual([]);
    expect(user.take(of(0), 10, true)).toEqual([{ watcher: 'watcher', state: of(0) }]);
    expect(user.isDue(Number.MAX_SAFE_INTEGER)).toBe(false);
  });

  it('without a debounce is told of whatever happens', () => {
    const user = new WatchedUser<string>(0);
    user.add('watcher', of(2));
    for (const devices of [1, 0, 1]) {
      expect(user.take(of(devices), 0, false)).toEqual([{ watcher: 'watcher', state: of(devices) }]);
      expect(user.take(of(devices), 0, false)).toEqual([]);
    }
  });

  it('one watcher`s wait is not another`s: who came later waits as long', () => {
    const user = new WatchedUser<string>(DEBOUNCE_MS);
    user.add('early', of(1));
    expect(user.take(of(0), 0, false)).toEqual([]);
    user.add('late', of(1));
    const words = user.take(of(0), DEBOUNCE_MS, false);
    expect(words.map(({ watcher }) => watcher)).toEqual(['early']);
    expect(user.isDue(2 * DEBOUNCE_MS)).toBe(true);
    expect(user.take(of(0), 2 * DEBOUNCE_MS, false).map(({ watcher }) => watcher)).toEqual(['late']);
  });
});
