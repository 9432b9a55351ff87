import { Injectable } from '@nestjs/common';
import { Hub } from '../hub';
import { Logger, OnceAMinute } from '../logging';
import { Metrics } from '../metrics';
import type { ReadState } from '../inbox';
import { NodeService } from '../node';
import { Watching } from '../presence';
import type { Channel, ConnectionId, MessageJson, NodeId, Offset, UserId } from '../shared';
import { Departures } from './departures';
import { type Envelope, parseEnvelope, printEnvelope } from './envelope';
import type { Routes } from './mailbox.port';
import { Questions } from './questions';

type EnvelopeOf<K extends Envelope['kind']> = Extract<Envelope, { kind: K }>;
type MessageEnvelope = EnvelopeOf<'message'>;
type GrownEnvelope = EnvelopeOf<'grown'>;
type RevokedEnvelope = EnvelopeOf<'revoked' | 'others-revoked'>;
type ReceiptEnvelope = EnvelopeOf<'receipt'>;
type TypingEnvelope = EnvelopeOf<'typing'>;
type BlockEnvelope = EnvelopeOf<'block'>;
type AskEnvelope = EnvelopeOf<'ask'>;

/** Word of a message for whoever holds its receiver: with the message, or only that the inbox has grown. */
export interface Delivery {
  userId: UserId;
  channel: Channel;
  offset: Offset;
  message: { prev: Offset; json: MessageJson } | undefined;
}

/**
 * Straight to the nodes that hold a user: one publish per remote node, a call for our own. The only place that
 * knows whether a receiver is here, elsewhere or offline. Nothing it does is needed for a message to arrive:
 * what is lost on this way, the next sweep finds.
 */
@Injectable()
export class Router {
  private readonly questions = new Questions();

  private readonly faults = new OnceAMinute();

  constructor(
    private readonly node: NodeService,
    private readonly hub: Hub,
    private readonly departures: Departures,
    private readonly watching: Watching,
    private readonly logger: Logger,
    private readonly metrics: Metrics,
  ) {
    node.listen({ onPayload: (payload) => this.receive(payload) });
    departures.listen((user, watchers) => this.tellWatchers(user, watchers));
  }

  deliver(delivery: Delivery, routes: Routes): void {
    const { userId, channel, offset, message } = delivery;
    this.count(routes);
    this.route(routes, (connectionIds) =>
      message === undefined
        ? { kind: 'grown', userId, channel, offset, connectionIds }
        : { kind: 'message', userId, channel, offset, connectionIds, ...message },
    );
  }

  /** Ends connections whose place newer ones have taken. */
  endReplaced(userId: UserId, routes: Routes): void {
    this.route(routes, (connectionIds) => ({ kind: 'end', userId, connectionIds }));
  }

  /** Tells the connections that are named that the read cursor has moved. */
  tellRead(userId: UserId, channel: Channel, { read, unread }: ReadState, routes: Routes): void {
    this.route(routes, (connectionIds) => ({ kind: 'read', userId, channel, read, unread, connectionIds }));
  }

  /** Takes one and the same word to every node that holds the user. */
  tell(envelope: RevokedEnvelope | ReceiptEnvelope | TypingEnvelope | BlockEnvelope, routes: Routes): void {
    this.route(routes, () => envelope);
  }

  /** Says that a user's presence has changed, to the nodes that watch it. */
  tellWatchers(userId: UserId, watchers: readonly NodeId[]): void {
    this.send(watchers, { kind: 'presence', userId });
  }

  /**
   * Has every node that is said to hold these connections take those out of presence that it does not hold. Resolves when
   * all have answered, or when one has not for a second.
   */
  async clearGhosts(userId: UserId, routes: Routes): Promise<void> {
    const from = this.node.id;
    await Promise.all(
      [...routes].map(([nodeId, connectionIds]) =>
        nodeId === from
          ? this.forgetStrangers(userId, connectionIds)
          : this.questions.ask((question) =>
              this.publish(nodeId, { kind: 'ask', userId, from, question, connectionIds }),
            ),
      ),
    );
  }

  private count(routes: Routes): void {
    if (routes.size === 0) this.metrics.routes.inc('offline');
    for (const nodeId of routes.keys()) this.metrics.routes.inc(nodeId === this.node.id ? 'local' : 'remote');
  }

  private route(routes: Routes, envelopeFor: (connectionIds: ConnectionId[]) => Envelope): void {
    this.node.meet(routes.keys());
    for (const [nodeId, connectionIds] of routes) this.send([nodeId], envelopeFor(connectionIds));
  }

  private send(nodes: readonly NodeId[], envelope: Envelope): void {
    for (const nodeId of nodes) {
      if (nodeId === this.node.id) this.handle(envelope);
      else this.publish(nodeId, envelope);
    }
  }

  private publish(nodeId: NodeId, envelope: Envelope): void {
    this.node.publish(nodeId, printEnvelope(envelope)).catch((err: unknown) => {
      const count = this.faults.due('publish');
      if (count === undefined) return;
      this.logger.warn(
        { err, nodeId, userId: envelope.userId, count },
        'publish failed: the next sweep will find it',
      );
    });
  }

  private receive(payload: string): void {
    const envelope = parseEnvelope(payload);
    if (envelope !== undefined) return this.handle(envelope);
    this.metrics.malformedEnvelopes.inc();
    const count = this.faults.due('malformed');
    if (count === undefined) return;
    this.logger.warn({ bytes: payload.length, nodeId: this.node.id, count }, 'malformed envelope dropped');
  }

  private handle(envelope: Envelope): void {
    const { userId } = envelope;
    switch (envelope.kind) {
      case 'message':
      case 'grown':
        return this.offer(envelope);
      case 'end':
        for (const id of envelope.connectionIds) this.hub.end(userId, id, 'replaced');
        return;
      case 'revoked':
        return this.hub.endLogins(
          userId,
          (login) => envelope.loginId === undefined || login === envelope.loginId,
        );
      case 'others-revoked':
        return this.hub.endLogins(userId, (login) => login !== envelope.spared);
      case 'presence':
        return this.watching.changed(userId);
      case 'block':
        return this.watching.shown(userId, envelope.other);
      case 'ask':
        void this.answer(envelope);
        return;
      case 'answer':
        return this.questions.answered(envelope.question);
      case 'read': {
        const { channel, read, unread, connectionIds } = envelope;
        return this.hub.notify(
          userId,
          { event: 'inbox:read', payload: { channel, read, unread } },
          connectionIds,
        );
      }
      case 'receipt': {
        const { channel, peer, state, offset } = envelope;
        return this.hub.notify(userId, { event: 'receipt', payload: { channel, peer, state, offset } });
      }
      case 'typing': {
        const { from, channel, typing } = envelope;
        return this.hub.notify(userId, { event: 'typing', payload: { from, channel, typing } });
      }
    }
  }

  private offer(envelope: MessageEnvelope | GrownEnvelope): void {
    const { userId, channel, offset, connectionIds } = envelope;
    const message = envelope.kind === 'message' ? envelope : undefined;
    this.hub.offer(userId, channel, { offset, prev: message?.prev ?? offset, json: message?.json });
    void this.forgetStrangers(userId, connectionIds);
  }

  private async answer({ userId, from, question, connectionIds }: AskEnvelope): Promise<void> {
    await this.forgetStrangers(userId, connectionIds);
    this.publish(from, { kind: 'answer', userId, question });
  }

  /** Connections that presence has here and the hub has not are ghosts (a lost unregister): they are removed. */
  private async forgetStrangers(userId: UserId, connectionIds: readonly ConnectionId[]): Promise<void> {
    const strangers = connectionIds.filter((id) => !this.hub.has(userId, id));
    if (strangers.length === 0) return;
    this.metrics.routes.inc('stale');
    await this.departures.leave(userId, strangers);
  }
}
