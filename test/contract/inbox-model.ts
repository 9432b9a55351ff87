import { BEGINNING, type ClientId, type DeviceId, isAfter, type Offset } from '../../src/shared';

interface KeptMessage {
  offset: Offset;
  prev: Offset;
  bytes: number;
}

/** What one inbox must be, in memory and by counting: what the stores do without either. */
export class InboxModel {
  /** Every offset ever given, oldest first. */
  readonly ever: Offset[] = [];
  kept: KeptMessage[] = [];
  readonly sent = new Map<ClientId, Offset>();
  read: Offset = BEGINNING;
  private readonly delivered = new Map<DeviceId, Offset>();

  constructor(
    private readonly maxLength: number,
    private readonly maxBytes: number,
  ) {}

  get last(): Offset {
    return this.ever.at(-1) ?? BEGINNING;
  }

  get unread(): number {
    return this.after(this.read).length;
  }

  after(offset: Offset): KeptMessage[] {
    return this.kept.filter((message) => isAfter(message.offset, offset));
  }

  before(offset: Offset): KeptMessage[] {
    return this.kept.filter((message) => isAfter(offset, message.offset)).toReversed();
  }

  append(offset: Offset, bytes: number): void {
    this.kept.push({ offset, prev: this.last, bytes });
    this.ever.push(offset);
    const isOver = (): boolean =>
      this.kept.length > this.maxLength ||
      this.kept.reduce((sum, message) => sum + message.bytes, 0) > this.maxBytes;
    while (this.kept.length > 1 && isOver()) this.kept.shift();
  }

  moveRead(offset: Offset): boolean {
    const bounded = this.bounded(offset);
    if (!isAfter(bounded, this.read)) return false;
    this.read = bounded;
    return true;
  }

  moveDelivered(device: DeviceId | undefined, offset: Offset): Offset {
    const bounded = this.bounded(offset);
    if (device === undefined) return bounded;
    const current = this.deliveredTo(device);
    const moved = isAfter(bounded, current) ? bounded : current;
    if (moved !== BEGINNING) this.delivered.set(device, moved);
    return moved;
  }

  /** Where the replay of a new connection starts. */
  connect(device: DeviceId | undefined, since: Offset): Offset {
    const cursor = device === undefined ? undefined : this.delivered.get(device);
    const from = cursor ?? this.read;
    const isGood = isAfter(since, from) && !isAfter(since, this.last) && this.isInChain(since);
    const start = isGood ? since : from;
    if (start === since) this.moveDelivered(device, since);
    return this.placeOf(start);
  }

  /** A cursor between two messages stands at the one before, as far as can be told from what is kept. */
  private placeOf(cursor: Offset): Offset {
    const next = this.after(cursor)[0];
    return next !== undefined && isAfter(cursor, next.prev) ? next.prev : cursor;
  }

  deliveredTo(device: DeviceId | undefined): Offset {
    return (device === undefined ? undefined : this.delivered.get(device)) ?? BEGINNING;
  }

  /** As far as can be told from what is kept. */
  private isInChain(offset: Offset): boolean {
    const next = this.after(offset)[0];
    return next === undefined || !isAfter(offset, next.prev);
  }

  private bounded(offset: Offset): Offset {
    return isAfter(offset, this.last) ? this.last : offset;
  }
}
