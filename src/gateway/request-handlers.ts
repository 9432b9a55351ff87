import { Injectable } from '@nestjs/common';
import { Revocations, SCOPE_SEND_ANY, TokenVerifier } from '../auth';
import {
  ChatService,
  countSend,
  Receipts,
  ReceiptsQueryDto,
  type SendAnswer,
  SendEventDto,
  TypingEventDto,
} from '../chat';
import { BlockEventDto, Blocks } from '../blocks';
import type { Connection } from '../hub';
import { InboxService, rangeOf } from '../inbox';
import { Metrics } from '../metrics';
import { PresenceService, UsersDto, Watching } from '../presence';
import { BeelineError, type Json, validate } from '../shared';
import { CursorEventDto, PullEventDto } from './dto/inbox-events.dto';
import { NothingDto } from './dto/nothing.dto';
import { TokenDto } from './dto/token.dto';
import type { ClientToServerEvents } from './events';
import { grantOf } from './grant';

type RequestEvent = keyof ClientToServerEvents;
type Handler = (connection: Connection, payload: unknown) => Promise<object>;

const LOOK_UPS: ReadonlySet<string> = new Set<RequestEvent>([
  'block:get',
  'inbox:pull',
  'presence:get',
  'presence:unwatch',
  'presence:watch',
  'receipts:get',
]);

/** Whether an event asks the store for much and changes nothing. */
export function isLookUp(event: string): boolean {
  return LOOK_UPS.has(event);
}

/** What each request event does: check the payload, call the use case, return the answer's fields. */
@Injectable()
export class RequestHandlers {
  private readonly handlers: ReadonlyMap<string, Handler>;

  constructor(
    private readonly chat: ChatService,
    private readonly inbox: InboxService,
    private readonly receipts: Receipts,
    private readonly presence: PresenceService,
    private readonly watching: Watching,
    private readonly blocks: Blocks,
    private readonly verifier: TokenVerifier,
    private readonly revocations: Revocations,
    private readonly metrics: Metrics,
  ) {
    const handlers: Record<RequestEvent, Handler> = {
      'message:send': (connection, payload) => countSend(this.metrics, () => this.send(connection, payload)),
      'inbox:ack': (connection, payload) => this.ack(connection, payload),
      'inbox:read': (connection, payload) => this.read(connection, payload),
      'inbox:pull': (connection, payload) => this.pull(connection, payload),
      'presence:get': (connection, payload) => this.look(connection, payload),
      'presence:watch': (connection, payload) => this.watch(connection, payload),
      'presence:unwatch': (connection, payload) => this.unwatch(connection, payload),
      'receipts:get': (connection, payload) => this.receiptsOf(connection, payload),
      typing: (connection, payload) => this.typing(connection, payload),
      'block:set': (connection, payload) => this.block(connection, payload),
      'block:get': (connection, payload) => this.blocked(connection, payload),
      'auth:refresh': (connection, payload) => this.refresh(connection, payload),
    };
    this.handlers = new Map(Object.entries(handlers));
  }

  /** Runs the handler of an event; throws `bad_request` for an event that there is not. */
  handle(event: string, connection: Connection, payload: unknown): Promise<object> {
    const handler = this.handlers.get(event);
    if (handler === undefined) throw new BeelineError('bad_request', 'there is no such event');
    return handler(connection, payload);
  }

  private send({ userId, grant }: Connection, payload: unknown): Promise<SendAnswer> {
    const { to, body, channel, clientId, copy, receipt } = validate(SendEventDto, payload);
    return this.chat.send({
      actor: userId,
      isBackend: grant.scopes.has(SCOPE_SEND_ANY),
      from: userId,
      to,
      body: body as Json,
      channel,
      clientId,
      copy: copy === true,
      receipt: receipt === true,
    });
  }

  private async ack(connection: Connection, payload: unknown): Promise<object> {
    const { channel, offset } = validate(CursorEventDto, payload);
    return { channel, delivered: await this.inbox.ack(connection, channel, offset) };
  }

  private async read(connection: Connection, payload: unknown): Promise<object> {
    const { channel, offset } = validate(CursorEventDto, payload);
    return { channel, ...(await this.inbox.read(connection.userId, channel, offset, connection)) };
  }

  private async pull(connection: Connection, payload: unknown): Promise<object> {
    const { channel, ...page } = validate(PullEventDto, payload);
    const pulled = await this.inbox.pull(connection.userId, channel, rangeOf(page), page.limit);
    for (const message of [pulled.messages.at(0), pulled.messages.at(-1)]) {
      if (message !== undefined) connection.notePulled(channel, message.offset);
    }
    const { messages, next, more } = pulled;
    return { channel, messages, next, more };
  }

  private async look({ userId }: Connection, payload: unknown): Promise<object> {
    const { users } = validate(UsersDto, payload);
    return { presence: await this.presence.look(userId, users) };
  }

  private async watch(connection: Connection, payload: unknown): Promise<object> {
    const { users } = validate(UsersDto, payload);
    return { presence: await this.watching.watch(connection, users) };
  }

  private unwatch(connection: Connection, payload: unknown): Promise<object> {
    const { users } = validate(UsersDto, payload);
    this.watching.unwatch(connection, users);
    return this.look(connection, { users });
  }

  private async receiptsOf({ userId }: Connection, payload: unknown): Promise<object> {
    const { messages } = validate(ReceiptsQueryDto, payload);
    const states = await this.receipts.statesOf(userId, messages);
    return { receipts: messages.map((message, i) => ({ ...message, state: states[i] })) };
  }

  private async typing({ userId, grant }: Connection, payload: unknown): Promise<object> {
    const { to, channel, typing } = validate(TypingEventDto, payload);
    const isBackend = grant.scopes.has(SCOPE_SEND_ANY);
    await this.chat.typing({ from: userId, isBackend, to, channel, typing: typing === true });
    return {};
  }

  private async block({ userId }: Connection, payload: unknown): Promise<object> {
    const { user, blocked } = validate(BlockEventDto, payload);
    return { users: await this.blocks.set(userId, user, blocked) };
  }

  private async blocked({ userId }: Connection, payload: unknown): Promise<object> {
    validate(NothingDto, payload);
    return { users: await this.blocks.list(userId) };
  }

  private async refresh(connection: Connection, payload: unknown): Promise<object> {
    const { token } = validate(TokenDto, payload);
    const identity = await this.verifier.verify(token);
    if (identity.userId !== connection.userId) {
      throw new BeelineError('unauthorized', "the token is another user's");
    }
    if (await this.revocations.isRevoked(identity)) {
      throw new BeelineError('unauthorized', 'the token has been revoked');
    }
    connection.grant = grantOf(identity);
    return { expiresAt: identity.expiresAt };
  }
}
