import { Injectable } from '@nestjs/common';
import { SCOPE_SEND_ANY } from '../auth';
import { ChatService, SendEventDto } from '../chat';
import type { Connection } from '../hub';
import { InboxService, rangeOf } from '../inbox';
import { PresenceService, UsersDto } from '../presence';
import { BeelineError, type Json, validate } from '../shared';
import { CursorEventDto, PullEventDto } from './dto/inbox-events.dto';
import type { ClientToServerEvents } from './events';

type RequestEvent = keyof ClientToServerEvents;
type Handler = (connection: Connection, payload: unknown) => Promise<object>;

/** What each request event does: check the payload, call the use case, return the answer's fields. */
@Injectable()
export class RequestHandlers {
  private readonly handlers: ReadonlyMap<string, Handler>;

  constructor(
    private readonly chat: ChatService,
    private readonly inbox: InboxService,
    private readonly presence: PresenceService,
  ) {
    const handlers: Record<RequestEvent, Handler> = {
      'message:send': (connection, payload) => this.send(connection, payload),
      'inbox:ack': (connection, payload) => this.ack(connection, payload),
      'inbox:read': (connection, payload) => this.read(connection, payload),
      'inbox:pull': (connection, payload) => this.pull(connection, payload),
      'presence:get': (_connection, payload) => this.look(payload),
    };
    this.handlers = new Map(Object.entries(handlers));
  }

  /** Runs the handler of an event; `bad_request` for an event that there is not. */
  async handle(event: string, connection: Connection, payload: unknown): Promise<object> {
    const handler = this.handlers.get(event);
    if (handler === undefined) throw new BeelineError('bad_request', 'there is no such event');
    return handler(connection, payload);
  }

  private send({ userId, scopes }: Connection, payload: unknown): Promise<object> {
    const { to, body, channel, clientId, copy, receipt } = validate(SendEventDto, payload);
    return this.chat.send({
      actor: userId,
      isBackend: scopes.has(SCOPE_SEND_ANY),
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

  private async read({ userId }: Connection, payload: unknown): Promise<object> {
    const { channel, offset } = validate(CursorEventDto, payload);
    return { channel, ...(await this.inbox.read(userId, channel, offset)) };
  }

  private async pull({ userId }: Connection, payload: unknown): Promise<object> {
    const page = validate(PullEventDto, payload);
    return {
      channel: page.channel,
      ...(await this.inbox.pull(userId, page.channel, rangeOf(page), page.limit)),
    };
  }

  private async look(payload: unknown): Promise<object> {
    const { users } = validate(UsersDto, payload);
    return { presence: await this.presence.look(users) };
  }
}
