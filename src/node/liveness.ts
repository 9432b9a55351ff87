import type { NodeId } from '../shared';

/**
 * What this node knows of the others' lives. Pure: fed with looks at the list of nodes, asked for the dead.
 *
 * The rule that keeps it safe: an id is called dead only by a look made after the id was met. A node takes its
 * lease before it writes any presence, so an id met in presence and missing from a later look has lost its
 * lease; and an id whose lease was lost is never used again. So "dead" is never wrong and never taken back,
 * while "alive" is never claimed at all.
 */
export class Liveness {
  private readonly met = new Set<NodeId>();
  /** Dead id → when it was found dead, ms. */
  private readonly deadSince = new Map<NodeId, number>();
  private deadIds: readonly NodeId[] = [];
  /** Met, and in the last list that was made after that. */
  private survivors: ReadonlySet<NodeId> = new Set();

  /** `forgetAfterMs`: by then no entry of a dead node can be left in presence. */
  constructor(private readonly forgetAfterMs: number) {}

  /** Notes that an id was seen in presence. Cheap: called for every route of every message. */
  meet(node: NodeId): void {
    if (!this.deadSince.has(node)) this.met.add(node);
  }

  /** Whether one of these is neither known to be dead nor in a list that was made after it was met. */
  hasStrangers(nodes: readonly NodeId[]): boolean {
    return nodes.some((node) => !this.survivors.has(node) && !this.deadSince.has(node));
  }

  /** The ids met so far, to be handed to `judge` with a look that is made after this call. */
  suspects(): ReadonlySet<NodeId> {
    return new Set(this.met);
  }

  /** Takes a look that was made after `suspects` was called. Returns the ids found dead by it. */
  judge(suspects: ReadonlySet<NodeId>, living: readonly NodeId[], nowMs: number): NodeId[] {
    const listed = new Set(living);
    this.survivors = new Set([...suspects].filter((node) => listed.has(node)));
    const found = [...suspects].filter((node) => !listed.has(node) && !this.deadSince.has(node));
    for (const node of found) {
      this.met.delete(node);
      this.deadSince.set(node, nowMs);
    }
    for (const [node, since] of this.deadSince) {
      if (nowMs - since > this.forgetAfterMs) this.deadSince.delete(node);
    }
    this.deadIds = [...this.deadSince.keys()];
    return found;
  }

  /** For every script that reads presence: whose entries to skip. */
  dead(): readonly NodeId[] {
    return this.deadIds;
  }
}
