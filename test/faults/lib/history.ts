/** A message as a client saw it, or as an inbox holds it. */
export interface SeenMessage {
  id: string;
  channel: string;
  from: string;
  to: string;
  clientId: string;
  offset: string;
  /** What the sender put into the body to tell this message from all others. */
  mark: string;
}

interface OnConnection {
  at: number;
  user: string;
  device: string;
  connection: string;
}

/** One thing that happened, as the clients or the bystander saw it. Times are ms of one monotonic clock. */
export type HistoryEvent =
  /** A send is tried, for the first time or again. */
  | {
      kind: 'tried';
      at: number;
      from: string;
      to: string;
      clientId: string;
      mark: string;
      copy: boolean;
      /** Where it was sent on. */
      connection?: string | undefined;
    }
  | { kind: 'answered'; at: number; from: string; to: string; clientId: string; id: string; offset: string }
  /** No answer, or one that leaves it open whether the message is stored. */
  | { kind: 'unanswered'; at: number; from: string; to: string; clientId: string; reason: string }
  | ({ kind: 'connected'; node: string } & OnConnection)
  /** `forGood`: the server said that this client must not come back. */
  | ({ kind: 'ended'; reason: string; forGood: boolean } & OnConnection)
  | ({ kind: 'delivered'; message: SeenMessage } & OnConnection)
  /** The server has confirmed that this device has stored everything up to the offset. */
  | ({ kind: 'acked'; channel: string; offset: string } & OnConnection)
  /** `session:end`. */
  | ({ kind: 'told'; reason: string } & OnConnection)
  | ({ kind: 'truncated'; channel: string; since: string } & OnConnection)
  /** What a node says of a user's presence. */
  | { kind: 'looked'; askedAt: number; at: number; node: string; user: string; devices: number }
  | { kind: 'fault'; at: number; what: string }
  /** The store lost what it had acknowledged before this, as its setting allows. */
  | { kind: 'store-lost'; at: number }
  | { kind: 'memory'; at: number; node: string; phase: 'before' | 'after'; bytes: number };

export type EventOf<K extends HistoryEvent['kind']> = Extract<HistoryEvent, { kind: K }>;

/** What is there when all is over, pulled over REST and read from the store. */
export interface Remains {
  /** When reading began: what was answered later need not be there. */
  readAt: number;
  inboxes: { user: string; channel: string; messages: SeenMessage[] }[];
  /** Every key, with what is left of its life in ms; -1 for one that nothing will expire. */
  keys: { key: string; ttlMs: number }[];
}

/** Everything that happened, in order. */
export class History {
  readonly events: HistoryEvent[] = [];

  now(): number {
    return performance.now();
  }

  add(event: HistoryEvent): void {
    this.events.push(event);
  }
}
