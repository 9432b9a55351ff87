import { Redis } from 'ioredis';

const INBOX_MAX_LENGTH = 10_000;

/** What most would write first: a list per user, pushed to and trimmed in one round trip. No order, no cursor, no repeats found. */
export class NaiveStore {
  private readonly redis: Redis;

  constructor(url: string) {
    this.redis = new Redis(url);
  }

  async append(user: string, message: object): Promise<void> {
    const key = `inbox:${user}`;
    await this.redis.pipeline().rpush(key, JSON.stringify(message)).ltrim(key, -INBOX_MAX_LENGTH, -1).exec();
  }
}
