import { type ConnectionId, type DeviceId, type NodeId, setBackSince, type UserId } from '../shared';
import { Changes, type Expiring, renewed } from './changes';
import type { EmbeddedDatabase } from './database';
import { below, keys, ownerOf } from './keys';
import type { View } from './view';

/** A registered connection. Times in Unix ms. */
export interface PresenceEntry {
  id: ConnectionId;
  node: NodeId;
  device: DeviceId | undefined;
  /** Its place among those of its device: the later one stays. */
  since: number;
  /** When a sweep, or the registration, last vouched for it. */
  seen: number;
  /** From when on it counts for nothing unless a sweep renews it. */
  countsUntil: number;
}

export interface PresenceRecord extends Expiring {
  entries: PresenceEntry[];
}

export interface SeenRecord extends Expiring {
  at: number;
}

/** Nodes that want to be told of changes of a user's presence, each until its time (Unix ms). */
export interface WatchersRecord extends Expiring {
  nodes: Record<NodeId, number>;
}

/** Each watch ends later than the one before it, so that many at once run a little ahead of the clock. */
const AHEAD_OF_CLOCK_MS = 1000;

/** Until when a node watches, at most `aheadMs` from now: a time further ahead was written by a clock set back since. */
export function watchedUntil(until: number, nowMs: number, aheadMs: number): number {
  return until > nowMs + aheadMs + AHEAD_OF_CLOCK_MS ? nowMs + aheadMs : until;
}

/** The nodes that watch a user now. `changes` say where one was said to watch for longer than can be. */
export async function watchingNodes(
  view: View,
  changes: Changes,
  user: UserId,
  nowMs: number,
  aheadMs: number,
): Promise<NodeId[]> {
  const record = await view.readLiving<WatchersRecord>(keys.watchers(user), nowMs);
  if (record === undefined) return [];
  const stored = Object.entries(record.nodes) as [NodeId, number][];
  const entries = stored.map(([node, until]) => [node, watchedUntil(until, nowMs, aheadMs)] as const);
  if (entries.some(([, until], i) => until !== stored[i]?.[1])) {
    changes.put(keys.watchers(user), { ...record, nodes: Object.fromEntries(entries) });
  }
  return entries.filter(([, until]) => until >= nowMs).map(([node]) => node);
}

/** An entry that was written by a clock set back since counts no longer than one written now. */
function movedBack(entry: PresenceEntry, nowMs: number): PresenceEntry {
  const backMs = setBackSince(entry.seen, nowMs);
  if (backMs === 0) return entry;
  return { ...entry, seen: entry.seen - backMs, countsUntil: entry.countsUntil - backMs };
}

/** The living connections of a user, to be looked at, changed and written back within one operation. */
export class Presence {
  readonly living: Map<ConnectionId, PresenceEntry>;
  /** When a connection that has gone was last vouched for; 0 where none has gone. */
  private seenAt: number;
  private readonly wasMovedBack: boolean;

  private constructor(
    private readonly user: UserId,
    private readonly stored: PresenceRecord | undefined,
    private readonly nowMs: number,
    dead: readonly NodeId[],
  ) {
    const entries = (stored?.entries ?? []).map((entry) => movedBack(entry, nowMs));
    this.wasMovedBack = entries.some(({ seen }, i) => seen !== stored?.entries[i]?.seen);
    const counts = ({ countsUntil, node }: PresenceEntry): boolean =>
      countsUntil >= nowMs && !dead.includes(node);
    this.living = new Map(entries.filter(counts).map((entry) => [entry.id, entry]));
    this.seenAt = Math.max(0, ...entries.filter((entry) => !counts(entry)).map(({ seen }) => seen));
  }

  static async read(view: View, user: UserId, nowMs: number, dead: readonly NodeId[]): Promise<Presence> {
    const stored = await view.readLiving<PresenceRecord>(keys.presence(user), nowMs);
    return new Presence(user, stored, nowMs, dead);
  }

  /** Whether some that are stored are gone, dropped on sight or removed since, or were written ahead of the clock. */
  get isStale(): boolean {
    return this.wasMovedBack || this.living.size < (this.stored?.entries.length ?? 0);
  }

  /** When the user was last seen, as far as the record and what was dropped on sight know. */
  lastSeenAmong(record: SeenRecord | undefined): number | null {
    return Math.max(Math.min(record?.at ?? 0, this.nowMs), this.seenAt) || null;
  }

  /** Takes a connection out because it has ended just now. */
  end(id: ConnectionId): void {
    this.living.delete(id);
    this.seenAt = this.nowMs;
  }

  /** Adds to `changes` what is to be stored of it. */
  async write(view: View, changes: Changes, ttlMs: number): Promise<void> {
    const { user, stored, nowMs, living, seenAt } = this;
    if (living.size > 0) {
      // It outlives its entries by far: when one that ran out was last vouched for is to be read off it.
      const longestMs = Math.max(...[...living.values()].map(({ countsUntil, seen }) => countsUntil - seen));
      const until = renewed(stored?.until ?? 0, Math.max(ttlMs, 2 * longestMs), nowMs);
      const record: PresenceRecord = { until, entries: [...living.values()] };
      changes.putExpiring(keys.presence(user), record, stored?.until);
    } else if (stored !== undefined) {
      changes.delete(keys.presence(user));
    }
    if (seenAt > 0) await noteSeen(view, changes, user, seenAt, nowMs, ttlMs);
  }
}

/**
 * Notes that a connection has gone which was last vouched for at `at`. It is not always the one seen last that goes
 * last: a dead node's is found out later. So the latest time stays, and is noted though others are here.
 */
async function noteSeen(
  view: View,
  changes: Changes,
  user: UserId,
  at: number,
  nowMs: number,
  ttlMs: number,
): Promise<void> {
  const known = await view.readLiving<SeenRecord>(keys.seen(user), nowMs);
  const record: SeenRecord = {
    at: Math.max(at, Math.min(known?.at ?? 0, nowMs)),
    until: renewed(known?.until ?? 0, ttlMs, nowMs),
  };
  changes.putExpiring(keys.seen(user), record, known?.until);
}

/**
 * A process that has just taken the store holds nobody, and no other process can: whatever presence says is of
 * the one before it. Each user was last seen when that process last vouched for one of the connections.
 */
export async function endPresenceOfPreviousProcess(database: EmbeddedDatabase, ttlMs: number): Promise<void> {
  const nowMs = database.now();
  await database.look(async (view) => {
    for await (const [key, text] of view.range(below('presence'))) {
      const { entries } = JSON.parse(text) as PresenceRecord;
      const changes = new Changes();
      const user = ownerOf(key) as UserId;
      const seenAt = Math.max(...entries.map(({ seen }) => seen));
      await noteSeen(view, changes, user, seenAt, nowMs, ttlMs);
      changes.delete(key);
      await database.commit(changes, { durable: false });
    }
    for (const kind of ['lease', 'watchers']) {
      for await (const key of view.keys(below(kind))) {
        await database.commit(new Changes().delete(key), { durable: false });
      }
    }
  });
}
