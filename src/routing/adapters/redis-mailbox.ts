import { join } from 'node:path';
import { Injectable } from '@nestjs/common';
import { Config } from '../../config';
import { MAX_DEVICE_CURSORS } from '../../inbox';
import { CommandRedis, Keys, type Reply, Script } from '../../redis';
import {
  type Channel,
  type ConnectionId,
  type MessageId,
  type NodeId,
  type Offset,
  unavailable,
  type UserId,
} from '../../shared';
import {
  type Append,
  type Appended,
  type ChannelState,
  type HeldConnection,
  Mailbox,
  type Registered,
  type Registration,
  type Routes,
  type Swept,
} from '../mailbox.port';

const LUA = join(__dirname, '../lua');
const APPEND_MESSAGE = new Script(join(LUA, 'append-message-4.lua'));
const REGISTER_CONNECTION = new Script(join(LUA, 'register-connection-2n.lua'));
const UNREGISTER_CONNECTION = new Script(join(LUA, 'unregister-connection-2.lua'));
const SWEEP_USER = new Script(join(LUA, 'sweep-user-2n.lua'));

/** An entry survives one lost sweep and a late one. */
const SWEEPS_AHEAD = 2.5;

@Injectable()
export class RedisMailbox extends Mailbox {
  private readonly aheadMs: number;
  private readonly stateTtlMs: number;

  constructor(
    private readonly redis: CommandRedis,
    private readonly keys: Keys,
    private readonly config: Config,
  ) {
    super();
    this.aheadMs = Math.ceil(SWEEPS_AHEAD * config.sweepIntervalMs);
    this.stateTtlMs = 2 * config.inboxTtlMs;
  }

  override async append(append: Append, dead: readonly NodeId[]): Promise<Appended> {
    const { to, channel, from, id, clientId, draft } = append;
    const { dedupeWindowMs, inboxMaxLength, inboxMaxBytes, inboxTtlMs } = this.config;
    const reply = await this.redis.run(
      APPEND_MESSAGE,
      [
        this.keys.inbox(to, channel),
        this.keys.state(to),
        this.keys.presence(to),
        this.keys.sent(to, channel, from, clientId ?? id),
      ],
      [
        channel,
        id,
        draft,
        dedupeWindowMs,
        inboxMaxLength,
        inboxMaxBytes,
        inboxTtlMs,
        this.stateTtlMs,
        ...dead,
      ],
    );
    const [duplicate, firstId, offset, prev, ...flat] = reply as [
      number,
      MessageId,
      Offset,
      Offset,
      ...string[],
    ];
    await this.awaitReplicas(this.keys.sent(to, channel, from, clientId ?? id), `${offset} ${firstId}`);
    return { id: firstId, offset, prev: duplicate === 1 ? undefined : prev, routes: toRoutes(flat) };
  }

  /**
   * WAIT speaks only of the writes of its own connection, and answers at once where that has written nothing: after a
   * reconnect, or on a server that has become the master without the append. So the dedupe record is written once
   * more in front of it, where it is still there: what lies before that write has then reached the replicas as well.
   */
  private async awaitReplicas(sentKey: string, record: string): Promise<void> {
    const { redisWaitReplicas, redisCommandTimeoutMs } = this.config;
    if (redisWaitReplicas === 0) return;
    const patienceMs = Math.ceil(redisCommandTimeoutMs / 2);
    // In a Cluster the key sends both commands to the node, and so to the connection, that the append went to.
    const replies = await this.redis.call((client) =>
      client
        .pipeline()
        .call('SET', sentKey, record, 'XX', 'KEEPTTL')
        .wait(redisWaitReplicas, patienceMs)
        .exec(),
    );
    if (replies?.[0]?.[1] !== 'OK') throw unavailable('the store has lost the message again');
    const reached = Number(replies[1]?.[1] ?? 0);
    if (reached < redisWaitReplicas) throw unavailable(`only ${reached} replicas have the message`);
  }

  override async register(registration: Registration, dead: readonly NodeId[]): Promise<Registered> {
    const { userId, connectionId, nodeId, deviceId, channels, since } = registration;
    const reply = await this.redis.run(REGISTER_CONNECTION, this.keysOf(userId, channels), [
      connectionId,
      nodeId,
      deviceId ?? '',
      this.aheadMs,
      this.stateTtlMs,
      MAX_DEVICE_CURSORS,
      channels.length,
      ...channels,
      ...channels.map((channel) => since.get(channel) ?? ''),
      ...dead,
    ]);
    const [registeredAt, ...rest] = reply as [number, ...Reply[]];
    const states = new Map<Channel, ChannelState>();
    const positions = new Map<Channel, Offset>();
    channels.forEach((channel, i) => {
      const row = rest.slice(5 * i, 5 * i + 5) as [Offset, Offset, number, Offset, Offset];
      const [delivered, read, unread, last, start] = row;
      states.set(channel, { delivered, read, unread, last });
      positions.set(channel, start);
    });
    const replaced = toRoutes(rest.slice(5 * channels.length) as string[]);
    return { since: registeredAt, channels: states, positions, replaced };
  }

  override async unregister(
    user: UserId,
    node: NodeId,
    connections: readonly ConnectionId[],
    dead: readonly NodeId[],
  ): Promise<void> {
    const args = [node, this.stateTtlMs, connections.length, ...connections, ...dead];
    await this.redis.run(UNREGISTER_CONNECTION, this.keysOf(user, []), args);
  }

  override async sweep(
    user: UserId,
    node: NodeId,
    connections: readonly HeldConnection[],
    channels: readonly Channel[],
    dead: readonly NodeId[],
  ): Promise<Swept> {
    const held = connections.flatMap(({ connectionId, since, deviceId }) => [
      connectionId,
      since,
      deviceId ?? '',
    ]);
    const reply = (await this.redis.run(SWEEP_USER, this.keysOf(user, channels), [
      node,
      this.aheadMs,
      this.stateTtlMs,
      channels.length,
      connections.length,
      ...channels,
      ...held,
      ...dead,
    ])) as string[];
    return {
      lasts: new Map(channels.map((channel, i) => [channel, reply[i] as Offset])),
      lost: reply.slice(channels.length) as ConnectionId[],
    };
  }

  private keysOf(user: UserId, channels: readonly Channel[]): string[] {
    const inboxes = channels.map((channel) => this.keys.inbox(user, channel));
    return [this.keys.presence(user), this.keys.state(user), ...inboxes];
  }
}

/** Pairs of connectionId and nodeId, as the scripts return them. */
function toRoutes(flat: readonly string[]): Routes {
  const routes = new Map<NodeId, ConnectionId[]>();
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const node = flat[i + 1] as NodeId;
    const connections = routes.get(node);
    if (connections === undefined) routes.set(node, [flat[i] as ConnectionId]);
    else connections.push(flat[i] as ConnectionId);
  }
  return routes;
}
