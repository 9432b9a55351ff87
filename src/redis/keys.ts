import type { Channel, ClientId, MessageId, NodeId, UserId } from '../shared';

/**
 * Builds every key of the store. All keys of one user carry the hash tag `{user}`, so that a script on them
 * stays in one slot of a Redis Cluster. Ids hold no braces and no `/` (shared/ids.ts), so that no id can move
 * a key to another slot or make it equal to another key.
 */
export class Keys {
  /** `database`: pub/sub knows none, so that channels that are for every node must name theirs. */
  constructor(
    private readonly prefix: string,
    private readonly database = 0,
  ) {}

  /** Stream: the messages of one inbox. */
  inbox(user: UserId, channel: Channel): string {
    return `${this.prefix}inbox:{${user}}:${channel}`;
  }

  /** Hash: per channel the last offset and number, the cursors; when the user was last seen. */
  state(user: UserId): string {
    return `${this.prefix}state:{${user}}`;
  }

  /** Hash: connectionId → node, device, since, until. */
  presence(user: UserId): string {
    return `${this.prefix}presence:{${user}}`;
  }

  /** String, expiring: the offset and id that the first send with this id was given. */
  sent(to: UserId, channel: Channel, from: UserId, id: ClientId | MessageId): string {
    return `${this.prefix}sent:{${to}}:${channel}/${from}/${id}`;
  }

  /** Hash: a local account. */
  account(user: UserId): string {
    return `${this.prefix}account:{${user}}`;
  }

  /** String: the user who has the name that looks like this. `look` is opaque (auth makes it so). */
  look(look: string): string {
    return `${this.prefix}look:{${look}}`;
  }

  /** Hash, expiring: one login of a local account. */
  login(user: UserId, loginId: string): string {
    return `${this.prefix}login:{${user}}:${loginId}`;
  }

  /** String, never expiring: no token of this user issued up to then (Unix ms) is good. */
  revokedUser(user: UserId): string {
    return `${this.prefix}revoked:{${user}}`;
  }

  /** String, expiring: that login has ended. `loginId` is opaque (auth makes it so). */
  revokedLogin(user: UserId, loginId: string): string {
    return `${this.prefix}revoked:{${user}}:${loginId}`;
  }

  /** Hash: nodeId → until when that node wants to be told of changes of this user's presence. */
  watchers(user: UserId): string {
    return `${this.prefix}watchers:{${user}}`;
  }

  /** Set: users whom a user has blocked. */
  blocks(user: UserId): string {
    return `${this.prefix}blocks:{${user}}`;
  }

  /** Sorted set: receivers that a user has written to → when last. */
  contacts(user: UserId): string {
    return `${this.prefix}contacts:{${user}}`;
  }

  /** String, expiring: when a rate's bucket will be full again, and when that was written. `owner` is a user or an address. */
  rate(owner: string, rate: string): string {
    return `${this.prefix}bucket:{${owner}}:${rate}`;
  }

  /** Hash: nodeId → what a node tells of itself; in the slot of `nodes`. */
  nodeInfo(): string {
    return `${this.prefix}node-info:{${this.nodes()}}`;
  }

  /** Sorted set: nodeId → lease expiry. */
  nodes(): string {
    return `${this.prefix}nodes`;
  }

  /** Begins the pub/sub channels of Socket.IO's adapter: what is meant for every node. */
  broadcast(): string {
    return `${this.prefix}socket.io${this.database === 0 ? '' : `@${this.database}`}`;
  }

  /** Pub/sub channel: what is meant for one node. */
  nodeChannel(node: NodeId): string {
    return `${this.prefix}node:${node}`;
  }
}
