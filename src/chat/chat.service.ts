import { Injectable } from '@nestjs/common';
import { Blocks } from '../blocks';
import { Config } from '../config';
import { Contacts, SendBytes, SendRate, TypingRate } from '../limits';
import { Logger } from '../logging';
import { Metrics } from '../metrics';
import { NodeService } from '../node';
import { ContactPolicy } from '../policy';
import { type Append, Mailbox, Router } from '../routing';
import {
  BeelineError,
  type Channel,
  type ClientId,
  completeDraft,
  type Json,
  Lanes,
  type MessageId,
  newMessageId,
  type Offset,
  printDraft,
  printJson,
  SENT_CHANNEL,
  sentAtOf,
  unavailable,
  type UserId,
} from '../shared';

/** A message as its sender gives it, every field checked. */
export interface Outgoing {
  /** Whose token it is: `from`, unless a backend sends on a user's behalf. */
  actor: UserId;
  /** Another backend (scope `send:any`), which may write to everybody it likes. */
  isBackend: boolean;
  from: UserId;
  to: UserId;
  body: Json;
  channel: Channel | undefined;
  clientId: ClientId | undefined;
  copy: boolean;
  receipt: boolean;
}

/** Word that somebody is typing, or has stopped, every field checked. */
export interface Typing {
  from: UserId;
  /** Another backend (scope `send:any`). */
  isBackend: boolean;
  to: UserId;
  channel: Channel | undefined;
  typing: boolean;
}

export interface SendAnswer {
  id: MessageId;
  offset: Offset;
  /** Unix ms by the store. */
  sentAt: number;
  duplicate: boolean;
}

/** The use case: validate, append and route, answer. Stored first, pushed second. */
@Injectable()
export class ChatService {
  private readonly channels: ReadonlySet<Channel>;
  private readonly defaultChannel: Channel;
  private readonly lanes = new Lanes();

  constructor(
    private readonly config: Config,
    private readonly mailbox: Mailbox,
    private readonly router: Router,
    private readonly node: NodeService,
    private readonly policy: ContactPolicy,
    private readonly blocks: Blocks,
    private readonly rate: SendRate,
    private readonly bytes: SendBytes,
    private readonly contacts: Contacts,
    private readonly typingRate: TypingRate,
    private readonly logger: Logger,
    private readonly metrics: Metrics,
  ) {
    this.channels = new Set(config.channels);
    this.defaultChannel = config.channels[0];
  }

  /**
   * Resolves when the message is in the receiver's inbox (and, with `copy`, in the sender's own). `not_found` for
   * an unknown channel or receiver, `too_large`, `forbidden` by the policy or by the receiver, `rate_limited` (a repeat counts too),
   * `unavailable`: then it may be stored or not, and a repeat with the same clientId stores it once.
   *
   * Messages of one sender to one inbox are stored in the order in which this is called, whether the caller waits for
   * the answers or not: whether they may be sent is asked for all at once, and they are appended in their order.
   */
  async send(outgoing: Outgoing): Promise<SendAnswer> {
    const { from, to, copy } = outgoing;
    const channel = this.knownChannel(outgoing.channel);
    const bodyJson = this.printBody(outgoing.body);
    const lane = `${channel}/${from}/${to}`;
    const stored = this.lanes.inOrder(lane, this.admit(outgoing, Buffer.byteLength(bodyJson)), () =>
      this.store(outgoing, channel, bodyJson),
    );
    if (!copy) return stored;
    await this.lanes.inOrder(`${lane}/copy`, stored, (answer) =>
      this.copyToSender(outgoing, bodyJson, answer),
    );
    return stored;
  }

  /** Resolves where it may be sent. In a conversation under way nothing here asks the store. */
  private async admit({ actor, isBackend, from, to }: Outgoing, bytes: number): Promise<void> {
    await this.requireContact(from, to);
    this.rate.spend(actor, isBackend ? 'backend' : 'send');
    if (isBackend) return;
    this.bytes.spend(actor, bytes);
    await this.contacts.admit(actor, to);
  }

  private store(outgoing: Outgoing, channel: Channel, bodyJson: string): Promise<SendAnswer> {
    const { isBackend, from, to, clientId, receipt } = outgoing;
    const id = newMessageId();
    const draft = printDraft(
      { id, channel, from, to, ...(clientId && { clientId }), ...(receipt && { receipt }) },
      bodyJson,
    );
    const needsAccount = this.config.localAccounts;
    const heedsBlocks = !isBackend;
    return this.append({ to, channel, from, id, clientId, draft, needsAccount, heedsBlocks, receipt });
  }

  private async append(append: Append): Promise<SendAnswer> {
    const { to: userId, channel, from, draft } = append;
    const { id, offset, prev, routes } = await this.mailbox.append(append, this.node.deadNodes());
    const duplicate = prev === undefined;
    (duplicate ? this.metrics.dedupeHits : this.metrics.appends).inc();
    this.logger.debug({ messageId: id, userId, from, channel, offset, duplicate }, 'message stored');
    // A repeat is routed too: the node that took the first one may have died before it could. Its own body is
    // not what was stored, so it only says that there is something.
    const message = prev === undefined ? undefined : { prev, json: completeDraft(draft, offset) };
    this.router.deliver({ userId, channel, offset, message }, routes);
    return { id, offset, sentAt: sentAtOf(offset), duplicate };
  }

  /**
   * The sender's other devices see what was sent: the same id, in the sender's own channel `sent`. Keyed by that
   * id, so that repeating a send whose copy failed adds the copy and nothing else.
   */
  private async copyToSender(
    { from, to, clientId }: Outgoing,
    bodyJson: string,
    { id }: SendAnswer,
  ): Promise<void> {
    const channel = SENT_CHANNEL;
    const draft = printDraft({ id, channel, from, to, ...(clientId && { clientId }) }, bodyJson);
    await this.append({
      to: from,
      channel,
      from,
      id,
      clientId: undefined,
      draft,
      needsAccount: false,
      heedsBlocks: false,
      receipt: false,
    });
  }

  /**
   * Word that somebody is writing, or has stopped: to wherever the receiver is, stored nowhere. It takes what a send takes:
   * a receiver not written to before counts as one, and past the number of those it is dropped without a word, as to
   * somebody who is not here; so it is between two of whom one has blocked the other.
   */
  async typing({ from, isBackend, to, channel: named, typing }: Typing): Promise<void> {
    const channel = this.knownChannel(named);
    this.typingRate.spend(from);
    await this.requireContact(from, to);
    if (!isBackend && (!(await this.isAdmitted(from, to)) || (await this.blocks.areApart(to, from)))) return;
    const routes = await this.mailbox.locate(to, this.node.deadNodes());
    this.router.tell({ kind: 'typing', userId: to, channel, from, typing }, routes);
  }

  private async isAdmitted(from: UserId, to: UserId): Promise<boolean> {
    try {
      await this.contacts.admit(from, to);
      return true;
    } catch (error) {
      if (error instanceof BeelineError && error.code === 'rate_limited') return false;
      throw error;
    }
  }

  private async requireContact(from: UserId, to: UserId): Promise<void> {
    const answer = this.policy.maySend(from, to);
    const maySend = typeof answer === 'boolean' ? answer : await inTime(answer);
    if (!maySend) throw new BeelineError('forbidden', 'this user can not be written to');
  }

  private knownChannel(channel: Channel | undefined): Channel {
    const known = channel ?? this.defaultChannel;
    if (!this.channels.has(known)) throw new BeelineError('not_found', 'there is no such channel');
    return known;
  }

  private printBody(body: Json): string {
    const json = printJson(body);
    if (Buffer.byteLength(json) > this.config.maxBodyBytes) {
      throw new BeelineError(
        'too_large',
        `the body must have at most ${this.config.maxBodyBytes} bytes as JSON`,
      );
    }
    return json;
  }
}

/** A policy that never answers holds up what its sender sends to that receiver no longer than this. */
const POLICY_PATIENCE_MS = 5000;

async function inTime(answer: Promise<boolean>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const giveUp = (): void => reject(unavailable('the contact policy does not answer'));
    timer = setTimeout(giveUp, POLICY_PATIENCE_MS);
  });
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}
