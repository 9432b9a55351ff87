import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { isRefusal, Keys, LeaseRedis, Script } from '../../redis';
import type { NodeId } from '../../shared';
import { type LeaseLook, LeaseStore, type ListedNode, type NodeInfo } from '../lease-store.port';

const RENEW_LEASE = new Script(join(__dirname, '../lua/renew-lease-2.lua'));
const LEAVE_NODES = new Script(join(__dirname, '../lua/leave-nodes-2.lua'));
const LIST_NODES = new Script(join(__dirname, '../lua/list-nodes-2.lua'));

const FIT_POLICY = 'noeviction';

@Injectable()
export class RedisLeaseStore extends LeaseStore {
  constructor(
    private readonly redis: LeaseRedis,
    private readonly keys: Keys,
  ) {
    super();
  }

  override take(node: NodeId, leaseMs: number, info: NodeInfo): Promise<LeaseLook> {
    return this.look(node, leaseMs, 1, info);
  }

  override renew(node: NodeId, leaseMs: number, info: NodeInfo): Promise<LeaseLook> {
    return this.look(node, leaseMs, 0, info);
  }

  override async leave(node: NodeId): Promise<void> {
    await this.redis.run(LEAVE_NODES, this.both(), [node]);
  }

  override async list(): Promise<ListedNode[]> {
    const reply = (await this.redis.run(LIST_NODES, this.both(), [])) as [NodeId, string, string][];
    return reply.map(([nodeId, expiresAt, text]) => {
      const { leaseMs: _for, ...info } = JSON.parse(text) as NodeInfo & { leaseMs: number };
      return { nodeId, ...info, leaseExpiresAt: Number(expiresAt) };
    });
  }

  /** Any other policy deletes inboxes without a word when memory runs short; in a Cluster each master has its own. */
  override async findFault(): Promise<string | undefined> {
    const infos = await this.redis.callEach((server) => ifAllowed(server.info('memory')));
    const policies = infos.map((memory) => /^maxmemory_policy:(\S+)/m.exec(memory ?? '')?.[1] ?? FIT_POLICY);
    const unfit = policies.find((policy) => policy !== FIT_POLICY);
    return unfit === undefined
      ? undefined
      : `Redis has maxmemory-policy ${unfit}, which deletes inboxes: set it to ${FIT_POLICY}`;
  }

  /** Of what a user may not ask, only that is known. */
  override async findDoubts(): Promise<readonly string[]> {
    const found = await this.redis.callEach(async (server) => {
      const persistence = await ifAllowed(server.info('persistence'));
      // Asked only where it matters: a refused question stands in the server's own log.
      const isOpen = persistence?.includes('aof_enabled:0') === true;
      return doubtAbout(persistence, isOpen ? await ifAllowed(server.config('GET', 'save')) : undefined);
    });
    return [...new Set(found)].filter((doubt) => doubt !== undefined);
  }

  private async look(node: NodeId, leaseMs: number, isNew: 0 | 1, info: NodeInfo): Promise<LeaseLook> {
    const reply = await this.redis.run(RENEW_LEASE, this.both(), [
      node,
      leaseMs,
      isNew,
      // In front of what people choose: the script looks for the first.
      JSON.stringify({ leaseMs, ...info }),
    ]);
    const [held, storeNowMs, ...living] = reply as [number, number, ...NodeId[]];
    return { held: held === 1, storeNowMs, living };
  }

  private both(): string[] {
    return [this.keys.nodes(), this.keys.nodeInfo()];
  }
}

/** `save` is the answer to CONFIG GET: the name and its value. */
function doubtAbout(persistence: string | undefined, save: unknown): string | undefined {
  if (persistence === undefined) {
    return 'no right to INFO: see yourself that Redis has maxmemory-policy noeviction and writes to a disk';
  }
  if (!persistence.includes('aof_enabled:0')) return undefined;
  if (save === undefined)
    return 'Redis has appendonly no, and no right to CONFIG GET tells whether it saves snapshots';
  const [, schedule] = Array.isArray(save) ? (save as string[]) : ['', (save as { save?: string }).save];
  return schedule === ''
    ? 'Redis writes to no disk (appendonly no, save ""): what it holds is lost with its process'
    : undefined;
}

/** Undefined where the server does not let this user ask. */
async function ifAllowed<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (isRefusal(error)) return undefined;
    throw error;
  }
}
