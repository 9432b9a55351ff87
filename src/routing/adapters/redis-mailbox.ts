import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { Cluster } from 'ioredis';
import { Config, stateTtlMsOf } from '../../config';
import type { Grant } from '../../hub';
import { MAX_DEVICE_CURSORS, type ReceiptDue, toReceiptsDue } from '../../inbox';
import { CommandRedis, Keys, type Reply, ReplicaRedis, Script, toStoreError } from '../../redis';
import {
  BeelineError,
  type Channel,
  type ConnectionId,
  type MessageId,
  type NodeId,
  type Offset,
  pairsOf,
  StoreClock,
  TurnBatches,
  unavailable,
  type UserId,
} from '../../shared';
import { EntryLife } from '../entry-life';
import {
  type Append,
  type Appended,
  type ChannelState,
  type HeldConnection,
  type LostReason,
  blockedError,
  Mailbox,
  maxDevicesOf,
  type Refused,
  type Registered,
  type Registration,
  type Routes,
  type Swept,
} from '../mailbox.port';
import { ReplicaWait } from './replica-wait';

const LUA = join(__dirname, '../lua');
const APPEND_MESSAGES = new Script(join(LUA, 'append-messages-6n.lua'));
const REGISTER_CONNECTION = new Script(join(LUA, 'register-connection-5n.lua'));
const UNREGISTER_CONNECTION = new Script(join(LUA, 'unregister-connection-3.lua'));
const SWEEP_USER = new Script(join(LUA, 'sweep-user-3n.lua'));
const LOCATE_USER = new Script(join(LUA, 'locate-user-2.lua'));

/** Redis does nothing else meanwhile: half a millisecond. */
const MAX_APPENDS_AT_ONCE = 32;

interface AskedAppend {
  append: Append;
  dead: readonly NodeId[];
}

type AppendReply = [duplicate: number, id: MessageId, offset: Offset, prev: Offset, ...routes: string[]];

@Injectable()
export class RedisMailbox extends Mailbox {
  private readonly stateTtlMs: number;
  private readonly replicas: ReplicaWait;
  /** A script's keys must be in one slot there: one user's. */
  private hasSlots: boolean;
  private readonly appends = new TurnBatches(
    MAX_APPENDS_AT_ONCE,
    (asked: readonly AskedAppend[]) => this.appendTogether(asked),
    ({ append }) => (this.hasSlots ? append.to : ''),
  );

  constructor(
    private readonly redis: CommandRedis,
    private readonly keys: Keys,
    private readonly config: Config,
    private readonly clock: StoreClock,
    private readonly life: EntryLife,
    replicaRedis: ReplicaRedis,
  ) {
    super();
    this.replicas = new ReplicaWait(replicaRedis, config);
    this.stateTtlMs = stateTtlMsOf(config);
    this.hasSlots = redis.client instanceof Cluster;
  }

  override append(append: Append, dead: readonly NodeId[]): Promise<Appended> {
    const appended = this.appends.add(laneOf(append), { append, dead });
    return this.config.redisWaitReplicas === 0 ? appended : this.onceReplicated(append, appended);
  }

  /** The appends of one turn of the event loop go to Redis as one script. */
  private async appendTogether(asked: readonly AskedAppend[]): Promise<readonly (Appended | Error)[]> {
    try {
      return await this.appendAll(asked);
    } catch (error) {
      if (!isCrossSlot(error)) throw error;
      // One server of a Cluster that has but one, reached as if it were alone. It has refused the script unread.
      this.hasSlots = true;
      const appended: (Appended | Error)[] = [];
      for (const one of asked) appended.push(...(await this.appendAll([one])));
      return appended;
    }
  }

  private async appendAll(asked: readonly AskedAppend[]): Promise<(Appended | Error)[]> {
    const { dedupeWindowMs, inboxMaxLength, inboxMaxBytes, inboxTtlMs } = this.config;
    const keys: string[] = [];
    const args: (string | number)[] = [
      dedupeWindowMs,
      inboxMaxLength,
      inboxMaxBytes,
      inboxTtlMs,
      this.stateTtlMs,
    ];
    for (const { append } of asked) {
      const { to, channel, id, draft, needsAccount, heedsBlocks, receipt } = append;
      keys.push(
        this.keys.inbox(to, channel),
        this.keys.state(to),
        this.keys.presence(to),
        this.sentKeyOf(append),
        this.keys.account(to),
        this.keys.blocks(to),
      );
      const wishes = `${needsAccount ? 'a' : ''}${heedsBlocks ? 'b' : ''}${receipt ? 'r' : ''}`;
      args.push(channel, id, draft, wishes);
    }
    // Of one turn the last knows best who is dead.
    args.push(...(asked.at(-1)?.dead ?? []));
    const replies = (await this.redis.run(APPEND_MESSAGES, keys, args)) as (
      AppendReply | 'blocked' | null | Error
    )[];
    return replies.map(toAppended);
  }

  private sentKeyOf({ to, channel, from, id, clientId }: Append): string {
    return this.keys.sent(to, channel, from, clientId ?? id);
  }

  private async onceReplicated(append: Append, pending: Promise<Appended>): Promise<Appended> {
    const appended = await pending;
    await this.replicas.wait(this.sentKeyOf(append), `${appended.offset} ${appended.id}`);
    return appended;
  }

  override async register(
    registration: Registration,
    dead: readonly NodeId[],
  ): Promise<Registered | Refused> {
    const { userId, connectionId, nodeId, deviceId, grant, channels, since } = registration;
    const reply = await this.inTime((deadline) =>
      this.redis.run(
        REGISTER_CONNECTION,
        [
          this.keys.presence(userId),
          this.keys.state(userId),
          this.keys.revokedUser(userId),
          this.loginKeyOf(userId, grant),
          this.keys.watchers(userId),
          ...channels.map((channel) => this.keys.inbox(userId, channel)),
        ],
        [
          connectionId,
          nodeId,
          deviceId ?? '',
          grant.issuedAt,
          maxDevicesOf(this.config),
          this.config.sessionPolicy === 'reject' ? 1 : 0,
          this.life.aheadMs,
          this.stateTtlMs,
          MAX_DEVICE_CURSORS,
          deadline,
          channels.length,
          ...channels,
          ...channels.map((channel) => since.get(channel) ?? ''),
          ...dead,
        ],
      ),
    );
    if (reply[0] === 'revoked') return { refused: 'revoked' };
    if (reply[0] === 'conflict') return { refused: 'conflict', rivals: toRoutes(reply.slice(1) as string[]) };

    const [registeredAt, rows, replaced, watchers, ...due] = reply as [
      number,
      Reply[],
      string[],
      NodeId[],
      ...string[][],
    ];
    const states = new Map<Channel, ChannelState>();
    const positions = new Map<Channel, Offset>();
    const receipts = new Map<Channel, ReceiptDue[]>();
    channels.forEach((channel, i) => {
      const row = rows.slice(5 * i, 5 * i + 5) as [Offset, Offset, number, Offset, Offset];
      const [delivered, read, unread, last, start] = row;
      states.set(channel, { delivered, read, unread, last });
      positions.set(channel, start);
      receipts.set(channel, toReceiptsDue(due[i] ?? []));
    });
    return {
      since: registeredAt,
      channels: states,
      positions,
      replaced: toRoutes(replaced),
      watchers,
      receipts,
    };
  }

  override async unregister(
    user: UserId,
    node: NodeId,
    connections: readonly ConnectionId[],
    dead: readonly NodeId[],
  ): Promise<NodeId[]> {
    const keys = [this.keys.presence(user), this.keys.state(user), this.keys.watchers(user)];
    const args = [node, this.stateTtlMs, this.life.aheadMs, connections.length, ...connections, ...dead];
    return (await this.redis.run(UNREGISTER_CONNECTION, keys, args)) as NodeId[];
  }

  override async locate(user: UserId, dead: readonly NodeId[]): Promise<Routes> {
    const keys = [this.keys.presence(user), this.keys.state(user)];
    return toRoutes((await this.redis.run(LOCATE_USER, keys, [this.stateTtlMs, ...dead])) as string[]);
  }

  override async sweep(
    user: UserId,
    node: NodeId,
    connections: readonly HeldConnection[],
    channels: readonly Channel[],
    dead: readonly NodeId[],
  ): Promise<Swept> {
    const held = connections.flatMap(({ connectionId, since, deviceId, grant }) => [
      connectionId,
      since,
      deviceId ?? '',
      grant.issuedAt,
    ]);
    const reply = (await this.inTime((deadline) =>
      this.redis.run(
        SWEEP_USER,
        [
          this.keys.presence(user),
          this.keys.state(user),
          this.keys.revokedUser(user),
          ...channels.map((channel) => this.keys.inbox(user, channel)),
          ...connections.map(({ grant }) => this.loginKeyOf(user, grant)),
        ],
        [
          node,
          maxDevicesOf(this.config),
          this.life.aheadMs,
          this.stateTtlMs,
          deadline,
          channels.length,
          connections.length,
          ...channels,
          ...held,
          ...dead,
        ],
      ),
    )) as string[];
    return {
      lasts: new Map(channels.map((channel, i) => [channel, reply[i] as Offset])),
      lost: new Map(pairsOf<ConnectionId, LostReason>(reply.slice(channels.length))),
    };
  }

  /**
   * Runs what must not be carried out once nobody waits for it: a store that was silent would register who has left. The
   * store judges by its own clock, and where that has stepped away from what is known here it says so.
   */
  private async inTime(run: (deadline: number) => Promise<Reply>): Promise<Reply[]> {
    const { redisCommandTimeoutMs } = this.config;
    const reply = (await run(this.clock.now() + redisCommandTimeoutMs)) as Reply[];
    if (reply[0] !== 'late') return reply;
    const again = (await run(Number(reply[1]) + redisCommandTimeoutMs)) as Reply[];
    if (again[0] === 'late') throw unavailable('the store was too slow');
    return again;
  }

  /** The empty login is nobody's and never revoked. */
  private loginKeyOf(user: UserId, { loginId = '' }: Grant): string {
    return this.keys.revokedLogin(user, loginId);
  }
}

/** What one sender sends to one inbox keeps its order. */
function laneOf({ to, channel, from }: Append): string {
  return `${channel}/${to}/${from}`;
}

function isCrossSlot(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('CROSSSLOT');
}

function toAppended(reply: AppendReply | 'blocked' | null | Error): Appended | Error {
  if (reply === null) return new BeelineError('not_found', 'there is no such user');
  if (reply === 'blocked') return blockedError();
  if (reply instanceof Error) return toStoreError(reply);
  const [duplicate, id, offset, prev, ...flat] = reply;
  return { id, offset, prev: duplicate === 1 ? undefined : prev, routes: toRoutes(flat) };
}

/** Pairs of connectionId and nodeId, as the scripts return them. */
function toRoutes(flat: readonly string[]): Routes {
  const routes = new Map<NodeId, ConnectionId[]>();
  for (const [connection, node] of pairsOf<ConnectionId, NodeId>(flat)) {
    const connections = routes.get(node);
    if (connections === undefined) routes.set(node, [connection]);
    else connections.push(connection);
  }
  return routes;
}
