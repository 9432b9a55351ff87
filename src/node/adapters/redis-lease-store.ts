import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { Keys, LeaseRedis, Script } from '../../redis';
import type { NodeId } from '../../shared';
import { type LeaseLook, LeaseStore } from '../lease-store.port';

const RENEW_LEASE = new Script(join(__dirname, '../lua/renew-lease-1.lua'));

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

  /** Any other policy deletes inboxes without a word when memory runs short. */
  override async findFault(): Promise<string | undefined> {
    const memory = await this.redis.call((client) => client.info('memory'));
    const policy = /^maxmemory_policy:(\S+)/m.exec(memory)?.[1];
    return policy === undefined || policy === 'noeviction'
      ? undefined
      : `Redis has maxmemory-policy ${policy}, which deletes inboxes: set it to noeviction`;
  }

  private async look(node: NodeId, leaseMs: number, isNew: 0 | 1): Promise<LeaseLook> {
    const reply = await this.redis.run(RENEW_LEASE, [this.keys.nodes()], [node, leaseMs, isNew]);
    const [held, storeNowMs, ...living] = reply as [number, number, ...NodeId[]];
    return { held: held === 1, storeNowMs, living };
  }
}
