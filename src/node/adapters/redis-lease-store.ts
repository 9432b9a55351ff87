import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { Keys, LeaseRedis, Script } from '../../redis';
import type { NodeId } from '../../shared';
import { type LeaseLook, LeaseStore } from '../lease-store.port';

const RENEW_LEASE = new Script(join(__dirname, '../lua/renew-lease-1.lua'));

const FIT_POLICY = 'noeviction';

@Injectable()
export class RedisLeaseStore extends LeaseStore {
  constructor(
    private readonly redis: LeaseRedis,
    private readonly keys: Keys,
  ) {
    super();
  }

  override take(node: NodeId, leaseMs: number): Promise<LeaseLook> {
    return this.look(node, leaseMs, 1);
  }

  override renew(node: NodeId, leaseMs: number): Promise<LeaseLook> {
    return this.look(node, leaseMs, 0);
  }

  override async leave(node: NodeId): Promise<void> {
    await this.redis.call((client) => client.zrem(this.keys.nodes(), node));
  }

  /** Any other policy deletes inboxes without a word when memory runs short; in a Cluster each master has its own. */
  override async findFault(): Promise<string | undefined> {
    const infos = await this.redis.callEach((server) => server.info('memory'));
    const policies = infos.map((memory) => /^maxmemory_policy:(\S+)/m.exec(memory)?.[1] ?? FIT_POLICY);
    const unfit = policies.find((policy) => policy !== FIT_POLICY);
    return unfit === undefined
      ? undefined
      : `Redis has maxmemory-policy ${unfit}, which deletes inboxes: set it to ${FIT_POLICY}`;
  }

  private async look(node: NodeId, leaseMs: number, isNew: 0 | 1): Promise<LeaseLook> {
    const reply = await this.redis.run(RENEW_LEASE, [this.keys.nodes()], [node, leaseMs, isNew]);
    const [held, storeNowMs, ...living] = reply as [number, number, ...NodeId[]];
    return { held: held === 1, storeNowMs, living };
  }
}
