import { Body, Controller, Headers, HttpCode, Post, Res } from '@nestjs/common';
import {
  ApiBody,
  ApiCreatedResponse,
  ApiHeader,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { Response } from 'express';
import { Authenticated, CurrentIdentity, type Identity, SCOPE_SEND_ANY } from '../auth';
import { BODY_OF_BATCH, BODY_OF_MESSAGE, JsonBody } from '../limits';
import { Logger } from '../logging';
import { Metrics } from '../metrics';
import {
  badRequest,
  BeelineError,
  CLIENT_ID_PROBLEM,
  type ClientId,
  type Json,
  parseClientId,
  toClientError,
  type UserId,
  validate,
} from '../shared';
import { ChatService, type Outgoing, type SendAnswer } from './chat.service';
import { countSend } from './count-send';
import {
  BatchAnswerDto,
  type BatchResult,
  SendAnswerDto,
  SendBatchDto,
  SendRequestDto,
} from './dto/send.dto';

@ApiTags('messages')
@Authenticated()
@Controller('messages')
export class MessagesController {
  constructor(
    private readonly chat: ChatService,
    private readonly logger: Logger,
    private readonly metrics: Metrics,
  ) {}

  @Post()
  @JsonBody(BODY_OF_MESSAGE)
  @ApiOperation({
    summary: "Put a message into the receiver's inbox, and push it to wherever the receiver is.",
  })
  @ApiHeader({ name: 'Idempotency-Key', required: false, description: 'Serves as clientId.' })
  @ApiBody({ type: SendRequestDto })
  @ApiCreatedResponse({ type: SendAnswerDto })
  @ApiOkResponse({ type: SendAnswerDto, description: 'It repeats a message sent before.' })
  async send(
    @CurrentIdentity() identity: Identity,
    @Headers('idempotency-key') idempotencyKey: string | undefined,
    @Body() payload: unknown,
    @Res({ passthrough: true }) response: Response,
  ): Promise<SendAnswer> {
    const answer = await countSend(this.metrics, () =>
      this.chat.send(outgoingOf(identity, payload, idempotencyKey)),
    );
    response.status(answer.duplicate ? 200 : 201);
    return answer;
  }

  @Post('batch')
  @JsonBody(BODY_OF_BATCH)
  @HttpCode(200)
  @ApiOperation({
    summary: 'Send up to 500 messages, in their order. Each stands for itself; each counts against the rate.',
  })
  @ApiBody({ type: SendBatchDto })
  @ApiOkResponse({ type: BatchAnswerDto })
  async sendBatch(@CurrentIdentity() identity: Identity, @Body() payload: unknown): Promise<BatchAnswerDto> {
    const { messages } = validate(SendBatchDto, payload);
    return { results: await Promise.all(messages.map((message) => this.resultOf(identity, message))) };
  }

  private async resultOf(identity: Identity, message: unknown): Promise<BatchResult> {
    try {
      const send = (): Promise<SendAnswer> => this.chat.send(outgoingOf(identity, message, undefined));
      return { ok: true, ...(await countSend(this.metrics, send)) };
    } catch (thrown) {
      const error = toClientError(thrown);
      if (error.code === 'internal')
        this.logger.error({ err: thrown, userId: identity.userId }, 'handler failed');
      return { ok: false, error: error.toBody() };
    }
  }
}

function outgoingOf(identity: Identity, payload: unknown, idempotencyKey: string | undefined): Outgoing {
  const { to, body, channel, clientId, from, copy, receipt } = validate(SendRequestDto, payload);
  return {
    actor: identity.userId,
    isBackend: identity.scopes.has(SCOPE_SEND_ANY),
    from: senderOf(identity, from),
    to,
    body: body as Json,
    channel,
    clientId: clientId ?? clientIdFrom(idempotencyKey),
    copy: copy === true,
    receipt: receipt === true,
  };
}

function senderOf({ userId, scopes }: Identity, from: UserId | undefined): UserId {
  if (from === undefined || from === userId) return userId;
  if (!scopes.has(SCOPE_SEND_ANY))
    throw new BeelineError('forbidden', `sending as another user needs the scope ${SCOPE_SEND_ANY}`);
  return from;
}

function clientIdFrom(header: string | undefined): ClientId | undefined {
  if (header === undefined) return undefined;
  // It may be a string of a structured field (RFC 9651): the quotes are no part of it.
  const clientId = parseClientId(/^"(.*)"$/.exec(header)?.[1] ?? header);
  if (clientId === undefined) {
    throw badRequest([{ field: 'Idempotency-Key', problem: CLIENT_ID_PROBLEM }]);
  }
  return clientId;
}
