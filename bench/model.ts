/**
 * What a load needs, from what one unit of it costs. Every cost is of one message, one connection or one user, and
 * none depends on the number of nodes: that is what routing is for, and what `check` holds against the measurements.
 */

/** Costs of one of each, as measured (bench/results.json). */
export interface Costs {
  /** CPU of the nodes for a message: taken in, stored, pushed on another node, acked. */
  nodeUsPerMessage: number;
  /** CPU of Redis for the same. */
  redisUsPerMessage: number;
  redisBytesOutPerMessage: number;
  /** CPU of connecting: authentication, presence, session, an empty replay. */
  nodeUsPerConnect: number;
  redisUsPerConnect: number;
  /** CPU of being kept for a minute: pings and sweeps. */
  nodeUsPerConnectionMinute: number;
  /** One sweep of one user. */
  redisUsPerSweep: number;
  rssBytesPerConnection: number;
  storeBytesPerMessage: number;
  storeBytesPerDedupe: number;
  storeBytesPerConnectedUser: number;
}

export interface Load {
  connections: number;
  messagesPerSecond: number;
  connectsPerSecond: number;
  /** Messages kept in all inboxes together. */
  messagesKept: number;
}

/** How full a machine may be, and what the settings say. */
export interface Limits {
  sweepIntervalMs: number;
  dedupeWindowMs: number;
  /** Part of a core that may be busy on average, so that peaks find room: of a node, and of a Redis master. */
  busyShare: number;
  rssBytesPerNode: number;
  storeBytesPerMaster: number;
}

export const LIMITS: Limits = {
  sweepIntervalMs: 30_000,
  dedupeWindowMs: 600_000,
  busyShare: 0.6,
  rssBytesPerNode: 1.5 * 2 ** 30,
  storeBytesPerMaster: 16 * 2 ** 30,
};

export interface Need {
  /** Cores busy, on average. */
  nodeCores: number;
  redisCores: number;
  nodeRssBytes: number;
  storeBytes: number;
  redisBytesOutPerSecond: number;
  sweepsPerSecond: number;
  /** Processes: by CPU or by memory, whichever asks for more. */
  nodes: number;
  masters: number;
}

const US_PER_SECOND = 1e6;
const SECONDS_PER_MINUTE = 60;

export function needFor(load: Load, costs: Costs, limits: Limits = LIMITS): Need {
  const { connections, messagesPerSecond, connectsPerSecond, messagesKept } = load;
  const sweepsPerSecond = (connections * 1000) / limits.sweepIntervalMs;
  const nodeUs =
    messagesPerSecond * costs.nodeUsPerMessage +
    connectsPerSecond * costs.nodeUsPerConnect +
    (connections * costs.nodeUsPerConnectionMinute) / SECONDS_PER_MINUTE;
  const redisUs =
    messagesPerSecond * costs.redisUsPerMessage +
    connectsPerSecond * costs.redisUsPerConnect +
    sweepsPerSecond * costs.redisUsPerSweep;
  const dedupeRecords = (messagesPerSecond * limits.dedupeWindowMs) / 1000;
  const storeBytes =
    messagesKept * costs.storeBytesPerMessage +
    dedupeRecords * costs.storeBytesPerDedupe +
    connections * costs.storeBytesPerConnectedUser;
  const nodeCores = nodeUs / US_PER_SECOND;
  const redisCores = redisUs / US_PER_SECOND;
  const nodeRssBytes = connections * costs.rssBytesPerConnection;
  const atLeastOne = (...counts: number[]): number => Math.max(1, ...counts.map(Math.ceil));
  return {
    nodeCores,
    redisCores,
    nodeRssBytes,
    storeBytes,
    redisBytesOutPerSecond: messagesPerSecond * costs.redisBytesOutPerMessage,
    sweepsPerSecond,
    nodes: atLeastOne(nodeCores / limits.busyShare, nodeRssBytes / limits.rssBytesPerNode),
    masters: atLeastOne(redisCores / limits.busyShare, storeBytes / limits.storeBytesPerMaster),
  };
}

/** Messages per second that so many cores carry, shared by nodes, Redis and whoever writes and reads. */
export function saturationPerSecond(cores: number, costs: Costs, clientUsPerMessage: number): number {
  return (cores * US_PER_SECOND) / (costs.nodeUsPerMessage + costs.redisUsPerMessage + clientUsPerMessage);
}

/** What people do, as far as it decides what is needed. */
export interface Habits {
  /** Part of the users that is connected at the busiest time. */
  connectedShare: number;
  messagesPerUserAndDay: number;
  /** Part of a day's messages that falls on its busiest hour. */
  busiestHourShare: number;
  /** How long a connection lasts. */
  connectionHours: number;
  /** For how long messages are kept, where neither the length nor the bytes of an inbox cut first. */
  daysKept: number;
}

export const HABITS: Habits = {
  connectedShare: 0.2,
  messagesPerUserAndDay: 20,
  busiestHourShare: 0.1,
  connectionHours: 1,
  daysKept: 30,
};

const SECONDS_PER_HOUR = 3600;

/** The load of so many users at their busiest. */
export function loadOf(users: number, habits: Habits = HABITS): Load {
  const { connectedShare, messagesPerUserAndDay, busiestHourShare, connectionHours, daysKept } = habits;
  const connections = users * connectedShare;
  return {
    connections,
    messagesPerSecond: (users * messagesPerUserAndDay * busiestHourShare) / SECONDS_PER_HOUR,
    connectsPerSecond: connections / (connectionHours * SECONDS_PER_HOUR),
    messagesKept: users * messagesPerUserAndDay * daysKept,
  };
}

const MANY = 1_000_000;

/** How many users so many nodes carry: everything is in proportion, so it follows from what a million need. */
export function usersOn(
  nodes: number,
  costs: Costs,
  habits: Habits = HABITS,
  limits: Limits = LIMITS,
): number {
  const { nodeCores, nodeRssBytes } = needFor(loadOf(MANY, habits), costs, limits);
  return Math.floor(
    nodes * MANY * Math.min(limits.busyShare / nodeCores, limits.rssBytesPerNode / nodeRssBytes),
  );
}
