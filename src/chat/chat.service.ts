import { Injectable } from '@nestjs/common';
import { Config } from '../config';
import { Contacts, SendRate } from '../limits';
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
  type MessageId,
  newMessageId,
  type Offset,
  printDraft,
  SENT_CHANNEL,
  sentAtOf,
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

  constructor(
    private readonly config: Config,
    private readonly mailbox: Mailbox,
    private readonly router: Router,
    private readonly node: NodeService,
    private readonly policy: ContactPolicy,
    private readonly rate: SendRate,
    private readonly contacts: Contacts,
    private readonly logger: Logger,
    private readonly metrics: Metrics,
  ) {
    this.channels = new Set(config.channels);
    this.defaultChannel = config.channels[0];
  }

  /**
   * Resolves when the message is in the receiver's inbox (and, with `copy`, in the sender's own). `not_found` for
   * an unknown channel or receiver, `too_large`, `forbidden` by the policy, `rate_limited` (a repeat counts too),
   * `unavailable`: then it may be stored or not, and a repeat with the same clientId stores it once.
   */
  async send(outgoing: Outgoing): Promise<SendAnswer> {
    const { actor, isBackend, from, to, clientId, receipt, copy } = outgoing;
    const channel = this.knownChannel(outgoing.channel);
    const bodyJson = this.printBody(outgoing.body);
    await this.requireContact(from, to);
    // In a conversation under way neither asks the store.
    this.rate.spend(actor);
    if (!isBackend) await this.contacts.admit(actor, to);
    const id = newMessageId();
    const draft = printDraft(
      { id, channel, from, to, ...(clientId && { clientId }), ...(receipt && { receipt }) },
      bodyJson,
    );
    const needsAccount = this.config.localAccounts;
    const answer = await this.append({ to, channel, from, id, clientId, draft, needsAccount, receipt });
    if (copy) await this.copyToSender(outgoing, bodyJson, answer);
    return answer;
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
      receipt: false,
    });
  }

  /** Word that somebody is writing, or has stopped: to wherever the receiver is, stored nowhere. */
  async typing(from: UserId, to: UserId, named: Channel | undefined, typing: boolean): Promise<void> {
    const channel = this.knownChannel(named);
    await this.requireContact(from, to);
    const routes = await this.mailbox.locate(to, this.node.deadNodes());
    this.router.tell({ kind: 'typing', userId: to, channel, from, typing }, routes);
  }

  private async requireContact(from: UserId, to: UserId): Promise<void> {
    if (!(await this.policy.maySend(from, to)))
      throw new BeelineError('forbidden', 'this user can not be written to');
  }

  private knownChannel(channel: Channel | undefined): Channel {
    const known = channel ?? this.defaultChannel;
    if (!this.channels.has(known)) throw new BeelineError('not_found', 'there is no such channel');
    return known;
  }

  private printBody(body: Json): string {
    const json = JSON.stringify(body);
    if (Buffer.byteLength(json) > this.config.maxBodyBytes) {
      throw new BeelineError(
        'too_large',
        `the body must have at most ${this.config.maxBodyBytes} bytes as JSON`,
      );
    }
    return json;
  }
}
