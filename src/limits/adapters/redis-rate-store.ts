import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { CommandRedis, Keys, Script } from '../../redis';
import { RateStore, type Spending, type Spent } from '../rate-store.port';

const SPEND_RATE = new Script(join(__dirname, '../lua/spend-rate-1.lua'));

@Injectable()
export class RedisRateStore extends RateStore {
  constructor(
    private readonly redis: CommandRedis,
    private readonly keys: Keys,
  ) {
    super();
  }

  override spend(spending: Spending): Promise<Spent> {
    return this.run(spending, 0);
  }

  override charge(spending: Spending): Promise<Spent> {
    return this.run(spending, 1);
  }

  private async run(spending: Spending, intoDebt: 0 | 1): Promise<Spent> {
    const { owner, rate, cost, intervalMs, burst } = spending;
    const args = [cost, intervalMs, burst, intoDebt];
    const overMs = (await this.redis.run(SPEND_RATE, [this.keys.rate(owner, rate)], args)) as number;
    return { allowed: overMs === 0, retryAfterMs: overMs };
  }
}
