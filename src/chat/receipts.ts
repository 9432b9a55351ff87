import { Injectable } from '@nestjs/common';
import { Blocks } from '../blocks';
import {
  type CursorListener,
  InboxService,
  type ReadState,
  type ReceiptDue,
  type ReceiptState,
} from '../inbox';
import { LookRate } from '../limits';
import { Logger } from '../logging';
import { NodeService } from '../node';
import { Mailbox, Router } from '../routing';
import { type Channel, type ConnectionId, laterOf, type Offset, type UserId } from '../shared';

/** A receipt on its way to a sender's devices. */
interface Pending {
  sender: UserId;
  peer: UserId;
  channel: Channel;
  state: 'delivered' | 'read';
  offset: Offset;
}

/** More than this wait only where the store does not answer: receipts are hints, and what is over it is let go. */
const MAX_PENDING = 10_000;

/**
 * Takes receipts to the senders who asked for them, and a moved read cursor to the reader's other connections. Never
 * on the way of an answer; receipts for the same sender that come while one is being routed merge into the next.
 */
@Injectable()
export class Receipts implements CursorListener {
  private readonly pending = new Map<string, Pending>();
  private readonly running = new Set<string>();

  constructor(
    private readonly inbox: InboxService,
    private readonly mailbox: Mailbox,
    private readonly router: Router,
    private readonly node: NodeService,
    private readonly blocks: Blocks,
    private readonly rate: LookRate,
    private readonly logger: Logger,
  ) {
    inbox.listen(this);
  }

  onDelivered(user: UserId, channel: Channel, receipts: readonly ReceiptDue[]): void {
    this.give(user, channel, 'delivered', receipts);
  }

  onRead(
    user: UserId,
    channel: Channel,
    state: ReadState,
    receipts: readonly ReceiptDue[],
    mover: ConnectionId | undefined,
  ): void {
    this.give(user, channel, 'read', receipts);
    void this.tellReader(user, channel, state, mover);
  }

  /** How far the asker's messages to others have come; as far as `sent` where the receiver is hidden. */
  async statesOf(
    asker: UserId,
    messages: readonly { to: UserId; channel: Channel; offset: Offset }[],
  ): Promise<ReceiptState[]> {
    this.rate.spend(asker, messages.length);
    const states: ReceiptState[] = messages.map(() => null);
    const byReceiver = new Map<UserId, number[]>();
    messages.forEach(({ to }, i) => byReceiver.set(to, [...(byReceiver.get(to) ?? []), i]));
    await Promise.all(
      [...byReceiver].map(async ([to, places]) => {
        const asked = places.map((i) => messages[i] as { channel: Channel; offset: Offset });
        const found = await this.inbox.receiptStates(to, asker, asked);
        const isSeen = await this.blocks.maySee(asker, to);
        found.forEach((state, k) => {
          states[places[k] as number] = state === null || isSeen ? state : 'sent';
        });
      }),
    );
    return states;
  }

  private give(
    peer: UserId,
    channel: Channel,
    state: 'delivered' | 'read',
    receipts: readonly ReceiptDue[],
  ): void {
    for (const { sender, offset } of receipts) {
      const key = `${sender}/${peer}/${channel}/${state}`;
      const waiting = this.pending.get(key);
      if (waiting !== undefined) waiting.offset = laterOf(waiting.offset, offset);
      else if (this.pending.size < MAX_PENDING)
        this.pending.set(key, { sender, peer, channel, state, offset });
      if (!this.running.has(key)) void this.route(key);
    }
  }

  private async route(key: string): Promise<void> {
    this.running.add(key);
    for (let next = this.take(key); next !== undefined; next = this.take(key)) {
      const { sender, peer, channel, state, offset } = next;
      try {
        if (!(await this.blocks.maySee(sender, peer))) continue;
        const routes = await this.mailbox.locate(sender, this.node.deadNodes());
        this.router.tell({ kind: 'receipt', userId: sender, channel, peer, state, offset }, routes);
      } catch (err) {
        this.logger.debug({ err, userId: sender }, 'receipt not routed: it is a hint');
      }
    }
    this.running.delete(key);
  }

  private take(key: string): Pending | undefined {
    const next = this.pending.get(key);
    this.pending.delete(key);
    return next;
  }

  /** The connection that moved the cursor has its answer. */
  private async tellReader(
    user: UserId,
    channel: Channel,
    state: ReadState,
    mover: ConnectionId | undefined,
  ): Promise<void> {
    try {
      const routes = await this.mailbox.locate(user, this.node.deadNodes());
      const others = [...routes]
        .map(([node, ids]) => [node, ids.filter((id) => id !== mover)] as const)
        .filter(([, ids]) => ids.length > 0);
      this.router.tellRead(user, channel, state, new Map(others));
    } catch (err) {
      this.logger.debug({ err, userId: user }, 'read cursor not told: the next session says it');
    }
  }
}
