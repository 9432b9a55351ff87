/** How much is measured. `tiny` only shows that the programs work; its figures mean nothing. */
const FULL = {
  /** Fewer in the short form, so that it stays under 20 minutes. */
  shortRounds: 4,
  rounds: 5,
  cost: { messages: 20_000 },
  fleet: { perSecond: 1_000, seconds: 20 },
  latency: { seconds: 20 },
  idle: { connections: 10_000, idleSeconds: 30 },
  unread: { unread: 10_000, connects: 800 },
  catchUp: { messages: 1_000, devices: 500 },
  ceiling: { messages: 100_000 },
  memory: { users: 2_000 },
};

const TINY = {
  shortRounds: 1,
  rounds: 1,
  cost: { messages: 500 },
  fleet: { perSecond: 200, seconds: 2 },
  latency: { seconds: 1 },
  idle: { connections: 200, idleSeconds: 1 },
  unread: { unread: 100, connects: 40 },
  catchUp: { messages: 50, devices: 20 },
  ceiling: { messages: 4_000 },
  memory: { users: 50 },
};

export const scopeOf = ({ tiny }) => (tiny ? TINY : FULL);
