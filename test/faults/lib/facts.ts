import type { EventOf, HistoryEvent, Remains, SeenMessage } from './history';

/** One message that a sender wanted delivered, however often it was tried. */
export interface Send {
  from: string;
  to: string;
  clientId: string;
  mark: string;
  copy: boolean;
  firstTriedAt: number;
  tries: number;
  /** On which it was first tried. */
  connection?: string | undefined;
  answers: EventOf<'answered'>[];
}

export type OnConnection = EventOf<'delivered' | 'connected' | 'ended' | 'acked' | 'truncated'>;
export const sendKey = (of: { from: string; to: string; clientId: string }): string =>
  `${of.from} → ${of.to} ${of.clientId}`;
export const deviceKey = ({ user, device }: OnConnection): string => `${user}/${device}`;

/** The history, sorted out. */
export class Facts {
  readonly sends = new Map<string, Send>();
  readonly deliveries: EventOf<'delivered'>[];
  readonly connected: EventOf<'connected'>[];
  readonly ended: EventOf<'ended'>[];
  /** Sends first tried before this are not judged: the store was allowed to lose them. */
  readonly storeLostAt: number;
  private readonly kept: ReadonlyMap<string, ReadonlyMap<string, SeenMessage>>;

  constructor(
    readonly events: readonly HistoryEvent[],
    readonly remains: Remains,
  ) {
    this.deliveries = this.of('delivered');
    this.connected = this.of('connected');
    this.ended = this.of('ended');
    this.storeLostAt = Math.max(0, ...this.of('store-lost').map(({ at }) => at));
    for (const tried of this.of('tried')) {
      const known = this.sends.get(sendKey(tried));
      if (known === undefined)
        this.sends.set(sendKey(tried), { ...tried, firstTriedAt: tried.at, tries: 1, answers: [] });
      else known.tries += 1;
    }
    this.kept = new Map(
      remains.inboxes.map(({ user, channel, messages }) => [
        `${user}/${channel}`,
        new Map(messages.map((message) => [message.id, message])),
      ]),
    );
    for (const answer of this.of('answered'))
      if (answer.at <= remains.readAt) this.sends.get(sendKey(answer))?.answers.push(answer);
  }

  of<K extends HistoryEvent['kind']>(kind: K): EventOf<K>[] {
    return this.events.filter((event): event is EventOf<K> => event.kind === kind);
  }

  /** Sends that the store had no right to lose. */
  get judged(): Send[] {
    return [...this.sends.values()].filter(({ firstTriedAt }) => firstTriedAt > this.storeLostAt);
  }

  inbox(user: string, channel: string): SeenMessage[] {
    return [...(this.kept.get(`${user}/${channel}`)?.values() ?? [])];
  }

  inInbox(user: string, channel: string, id: string): SeenMessage | undefined {
    return this.kept.get(`${user}/${channel}`)?.get(id);
  }

  /** Devices that are connected when the history ends. */
  get connectedAtEnd(): EventOf<'connected'>[] {
    const over = new Set(this.ended.map(({ connection }) => connection));
    return this.connected.filter(({ connection }) => !over.has(connection));
  }
}

export function byConnectionAndChannel(facts: Facts): Map<string, EventOf<'delivered'>[]> {
  return groupBy(facts.deliveries, ({ connection, message }) => `${connection} ${message.channel}`);
}

/** A message and its copy have the same id: the channel tells them apart. */
export function copyOf({ channel, id }: SeenMessage): string {
  return `${channel} ${id}`;
}

export function placeOf(message: SeenMessage): string {
  return `${copyOf(message)} ${message.offset}`;
}

export function answeredAt({ answers }: Send): number {
  return (answers[0] as EventOf<'answered'>).at;
}

export function offsetOf({ answers }: Send): string {
  return (answers[0] as EventOf<'answered'>).offset;
}

/** Offsets are `<ms>-<n>`, compared by their two numbers. */
export function compare(a: string, b: string): number {
  const [aMs = 0, aSeq = 0] = a.split('-').map(Number);
  const [bMs = 0, bSeq = 0] = b.split('-').map(Number);
  return aMs - bMs || aSeq - bSeq;
}

export function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}
