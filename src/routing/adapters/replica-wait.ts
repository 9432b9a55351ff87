import { join } from 'node:path';
import calculateSlot from 'cluster-key-slot';
import { Cluster } from 'ioredis';
import type { Config } from '../../config';
import { ReplicaRedis, Script, toStoreError } from '../../redis';
import { unavailable } from '../../shared';

const CONFIRM_APPEND = new Script(join(__dirname, '../lua/confirm-append-1.lua'));
/** As many as one answer may be about: what comes meanwhile is for the next. */
const MAX_AT_ONCE = 256;
/** Of one server there is one. */
const ONLY_SERVER = '';

interface Asked {
  sentKey: string;
  record: string;
  resolve: () => void;
  reject: (reason: Error) => void;
}

/**
 * Waits until replicas have what was appended. On a connection of its own, for a WAIT holds up whatever comes behind it;
 * and one WAIT for everything that was appended before it: while one is under way at a server, what comes gathers for
 * the next. Too few replicas are an answer, and close no gate.
 */
export class ReplicaWait {
  private readonly gathered = new Map<string, Asked[]>();
  private readonly underWay = new Set<string>();

  constructor(
    private readonly redis: ReplicaRedis,
    private readonly config: Config,
  ) {}

  /**
   * Resolves when enough replicas have the append with that dedupe record; `unavailable` where too few have it in half
   * a command's time-out, or where the store has lost it.
   */
  wait(sentKey: string, record: string): Promise<void> {
    const server = this.serverOf(sentKey);
    return new Promise((resolve, reject) => {
      const asked = this.gathered.get(server) ?? [];
      asked.push({ sentKey, record, resolve, reject });
      this.gathered.set(server, asked);
      void this.ask(server);
    });
  }

  private async ask(server: string): Promise<void> {
    if (this.underWay.has(server)) return;
    const batch = this.gathered.get(server)?.splice(0, MAX_AT_ONCE) ?? [];
    if (batch.length === 0) return;
    this.underWay.add(server);
    try {
      const { confirmed, reached } = await this.confirm(batch);
      batch.forEach((asked, i) => this.answer(asked, confirmed[i], reached));
    } catch (error) {
      for (const { reject } of batch) reject(toStoreError(error));
    }
    this.underWay.delete(server);
    void this.ask(server);
  }

  /** One that the server did not take (its slot is on its way) is that one's failure, and nobody else's. */
  private answer({ resolve, reject }: Asked, reply: unknown, reached: number): void {
    if (reply instanceof Error) reject(toStoreError(reply));
    else if (reply !== 1) reject(unavailable('the store has lost the message again'));
    else if (reached < this.config.redisWaitReplicas)
      reject(unavailable(`only ${reached} replicas have the message`));
    else resolve();
  }

  /**
   * WAIT speaks only of the writes of its own connection, and answers at once where that has written nothing. So the
   * dedupe records are written once more in front of it: what lies before those writes has then reached the replicas too.
   */
  private async confirm(batch: readonly Asked[]): Promise<{ confirmed: unknown[]; reached: number }> {
    const { redisWaitReplicas, redisCommandTimeoutMs } = this.config;
    const replies = await this.redis.call((client) => {
      const pipeline = client.pipeline();
      for (const { sentKey, record } of batch) pipeline.eval(CONFIRM_APPEND.lua, 1, sentKey, record);
      return pipeline.wait(redisWaitReplicas, Math.ceil(redisCommandTimeoutMs / 2)).exec();
    });
    const values = (replies ?? []).map(([error, value]) => error ?? value);
    const reached = values.at(-1) ?? 0;
    if (reached instanceof Error) throw reached;
    return { confirmed: values.slice(0, -1), reached: Number(reached) };
  }

  /** In a Cluster the master that has the key: a WAIT is about one server. */
  private serverOf(key: string): string {
    const { client } = this.redis;
    return client instanceof Cluster ? (client.slots[calculateSlot(key)]?.[0] ?? ONLY_SERVER) : ONLY_SERVER;
  }
}
