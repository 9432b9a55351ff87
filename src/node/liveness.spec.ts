import fc from 'fast-check';
import type { NodeId } from '../shared';
import { Liveness } from './liveness';

const [a, b] = ['a', 'b'] as NodeId[] as [NodeId, NodeId];
const FORGET_AFTER_MS = 100;

function lookAt(liveness: Liveness, living: NodeId[], nowMs = 0): NodeId[] {
  return liveness.judge(liveness.suspects(), living, nowMs);
}

describe('liveness', () => {
  it('knows a stranger: in no list since it was met, and not dead either', () => {
    const liveness = new Liveness(FORGET_AFTER_MS);
    expect(liveness.hasStrangers([])).toBe(false);
    expect(liveness.hasStrangers([a])).toBe(true);
    lookAt(liveness, [a, b]);
    // What was listed before may have died since.
    expect(liveness.hasStrangers([a])).toBe(true);
    for (const node of [a, b]) liveness.meet(node);
    lookAt(liveness, [a]);
    expect(liveness.hasStrangers([a, b])).toBe(false);
    expect(liveness.hasStrangers([a, 'another' as NodeId])).toBe(true);
  });

  it('calls dead whoever was met and is missing from a later look', () => {
    const liveness = new Liveness(FORGET_AFTER_MS);
    liveness.meet(a);
    liveness.meet(b);
    expect(lookAt(liveness, [b])).toEqual([a]);
    expect(liveness.dead()).toEqual([a]);
  });

  it('says nothing of an id that it met only after the look began', () => {
    const liveness = new Liveness(FORGET_AFTER_MS);
    const suspects = liveness.suspects();
    liveness.meet(a);
    expect(liveness.judge(suspects, [], 0)).toEqual([]);
    expect(liveness.dead()).toEqual([]);
    expect(lookAt(liveness, [])).toEqual([a]);
  });

  it('does not take a death back, nor find it twice, while it is remembered', () => {
    const liveness = new Liveness(FORGET_AFTER_MS);
    liveness.meet(a);
    lookAt(liveness, []);
    liveness.meet(a);
    expect(lookAt(liveness, [a], FORGET_AFTER_MS)).toEqual([]);
    expect(liveness.dead()).toEqual([a]);
  });

  it('finds a death once, though two looks were under way', () => {
    const liveness = new Liveness(FORGET_AFTER_MS);
    liveness.meet(a);
    const [first, second] = [liveness.suspects(), liveness.suspects()];
    expect(liveness.judge(first, [], 0)).toEqual([a]);
    expect(liveness.judge(second, [], 0)).toEqual([]);
  });

  it('forgets the dead once no entry of theirs can be left', () => {
    const liveness = new Liveness(FORGET_AFTER_MS);
    liveness.meet(a);
    lookAt(liveness, [], 0);
    lookAt(liveness, [], FORGET_AFTER_MS + 1);
    expect(liveness.dead()).toEqual([]);
    expect(liveness.suspects().size).toBe(0);
  });

  it('finds a forgotten one dead again when it is met again', () => {
    const liveness = new Liveness(FORGET_AFTER_MS);
    liveness.meet(a);
    lookAt(liveness, [], 0);
    lookAt(liveness, [], FORGET_AFTER_MS + 1);
    liveness.meet(a);
    expect(lookAt(liveness, [], FORGET_AFTER_MS + 2)).toEqual([a]);
  });

  /** Nodes live, are met by their presence, and die for good; looks begin and end at any time in between. */
  it('promise 5: never calls a living node dead, and finds every dead one that it has met', () => {
    const node = fc.nat({ max: 3 });
    const step = fc.oneof(
      fc.record({ do: fc.constantFrom('meet' as const, 'die' as const), node }),
      fc.record({ do: fc.constantFrom('begin' as const, 'read' as const, 'judge' as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const ids = ['n0', 'n1', 'n2', 'n3'] as NodeId[];
        const leased = new Set<NodeId>();
        const lost = new Set<NodeId>();
        const met = new Set<NodeId>();
        const liveness = new Liveness(Number.MAX_SAFE_INTEGER);
        let suspects: ReadonlySet<NodeId> | undefined;
        let living: NodeId[] | undefined;
        for (const taken of steps) {
          if ('node' in taken) {
            const id = ids[taken.node] as NodeId;
            if (taken.do === 'die') {
              leased.delete(id);
              lost.add(id);
            } else {
              // A lease comes before any presence; a lost one never comes back, though its entries stay.
              if (!lost.has(id)) leased.add(id);
              liveness.meet(id);
              met.add(id);
            }
          } else if (taken.do === 'begin') {
            suspects = liveness.suspects();
            living = undefined;
          } else if (taken.do === 'read') living = [...leased];
          else if (suspects !== undefined && living !== undefined) {
            liveness.judge(suspects, living, 0);
            suspects = undefined;
          }
          for (const id of liveness.dead()) expect(lost).toContain(id);
        }
        lookAt(liveness, [...leased]);
        expect([...liveness.dead()].sort()).toEqual([...lost].filter((id) => met.has(id)).sort());
      }),
    );
  });
});
