import { Injectable } from '@nestjs/common';
import { below, Changes, EmbeddedDatabase, keys, ownerOf, type View } from '../../embedded';
import type { NodeId } from '../../shared';
import { type LeaseLook, LeaseStore, type ListedNode, type NodeInfo } from '../lease-store.port';

interface LeaseRecord extends NodeInfo {
  leaseMs: number;
  expiresAt: number;
}

/** All leases change one after the other: no user has this name. */
const OWNER = '/leases';

/** The lease of the one node there is. It is written like any other, so that a broken disk makes the node not ready. */
@Injectable()
export class EmbeddedLeaseStore extends LeaseStore {
  constructor(private readonly database: EmbeddedDatabase) {
    super();
  }

  override get outage(): string | undefined {
    return this.database.fault;
  }

  override take(node: NodeId, leaseMs: number, info: NodeInfo): Promise<LeaseLook> {
    return this.look(node, leaseMs, info, () => true);
  }

  override renew(node: NodeId, leaseMs: number, info: NodeInfo): Promise<LeaseLook> {
    return this.look(node, leaseMs, info, (lease, nowMs) => lease !== undefined && lease.expiresAt >= nowMs);
  }

  override async leave(node: NodeId): Promise<void> {
    await this.database.exclusively(OWNER, () =>
      this.database.commit(new Changes().delete(keys.lease(node)), { durable: false }),
    );
  }

  override async list(): Promise<ListedNode[]> {
    const leases = await this.database.look(readLeases);
    const nowMs = this.database.now();
    return [...leases]
      .filter(([, { expiresAt }]) => expiresAt >= nowMs)
      .map(([nodeId, { leaseMs: _for, expiresAt, ...info }]) => ({
        nodeId,
        ...info,
        leaseExpiresAt: expiresAt,
      }));
  }

  /** It throws nothing away but what has run out. */
  override findFault(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  override findDoubts(): Promise<readonly string[]> {
    return Promise.resolve([]);
  }

  private look(
    node: NodeId,
    leaseMs: number,
    info: NodeInfo,
    mayHold: (lease: LeaseRecord | undefined, nowMs: number) => boolean,
  ): Promise<LeaseLook> {
    return this.database.exclusively(OWNER, async (view) => {
      const nowMs = this.database.now();
      const leases = await readLeases(view);
      const held = mayHold(leases.get(node), nowMs);
      const changes = new Changes();
      if (held) {
        const lease: LeaseRecord = { ...info, leaseMs, expiresAt: nowMs + leaseMs };
        leases.set(node, lease);
        changes.put(keys.lease(node), lease);
      }
      for (const [id, known] of leases) {
        // One further ahead was written by a clock set back since.
        const most = nowMs + known.leaseMs;
        if (known.expiresAt > most) changes.put(keys.lease(id), { ...known, expiresAt: most });
        if (known.expiresAt >= nowMs) continue;
        leases.delete(id);
        changes.delete(keys.lease(id));
      }
      await this.database.commit(changes, { durable: false });
      return { held, storeNowMs: nowMs, living: [...leases.keys()] };
    });
  }
}

async function readLeases(view: View): Promise<Map<NodeId, LeaseRecord>> {
  const leases = new Map<NodeId, LeaseRecord>();
  for await (const [key, text] of view.range(below('lease'))) {
    leases.set(ownerOf(key) as NodeId, JSON.parse(text) as LeaseRecord);
  }
  return leases;
}
