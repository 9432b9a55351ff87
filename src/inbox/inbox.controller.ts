import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { Authenticated, CurrentIdentity, type Identity } from '../auth';
import { JsonBody, SMALL_BODY } from '../limits';
import { BeelineError, type Channel, parseChannel, validate } from '../shared';
import {
  CursorDto,
  DeliveredDto,
  DeviceCursorDto,
  PageDto,
  PulledPage,
  ReadAnswerDto,
  SummaryDto,
} from './dto/inbox.dto';
import { InboxService } from './inbox.service';
import { rangeOf } from './range';

@ApiTags('inbox')
@Authenticated()
@Controller('inbox')
export class InboxController {
  constructor(private readonly inbox: InboxService) {}

  @Get()
  @ApiOkResponse({ type: SummaryDto })
  @ApiOperation({ summary: 'Where the user stands in each inbox.' })
  async summary(@CurrentIdentity() { userId }: Identity): Promise<SummaryDto> {
    return { channels: await this.inbox.summarise(userId) };
  }

  @Get(':channel')
  @ApiOkResponse({ type: PulledPage })
  @ApiOperation({ summary: 'A page of an inbox; without parameters, what is unread.' })
  @ApiQuery({ name: 'after', required: false })
  @ApiQuery({ name: 'before', required: false })
  @ApiQuery({ name: 'limit', required: false, type: Number })
  async pull(
    @CurrentIdentity() { userId }: Identity,
    @Param('channel') channel: string,
    @Query() query: Record<string, unknown>,
  ): Promise<PulledPage> {
    const page = validate(PageDto, withNumericLimit(query));
    return this.inbox.pull(userId, channelOf(channel), rangeOf(page), page.limit);
  }

  @Post(':channel/read')
  @JsonBody(SMALL_BODY)
  @HttpCode(200)
  @ApiOperation({ summary: 'The user has read everything up to an offset.' })
  @ApiBody({ type: CursorDto })
  @ApiOkResponse({ type: ReadAnswerDto })
  async read(
    @CurrentIdentity() { userId }: Identity,
    @Param('channel') name: string,
    @Body() body: unknown,
  ): Promise<ReadAnswerDto> {
    const channel = channelOf(name);
    const { offset } = validate(CursorDto, body);
    return { channel, ...(await this.inbox.read(userId, channel, offset)) };
  }

  @Post(':channel/ack')
  @JsonBody(SMALL_BODY)
  @HttpCode(200)
  @ApiOperation({ summary: 'A device has stored everything up to an offset.' })
  @ApiBody({ type: DeviceCursorDto })
  @ApiOkResponse({ type: DeliveredDto })
  async ack(
    @CurrentIdentity() { userId }: Identity,
    @Param('channel') name: string,
    @Body() body: unknown,
  ): Promise<DeliveredDto> {
    const channel = channelOf(name);
    const { offset, deviceId } = validate(DeviceCursorDto, body);
    return { channel, delivered: await this.inbox.ackDevice(userId, channel, deviceId, offset) };
  }
}

/** A path that is no channel's name leads nowhere. */
function channelOf(name: string): Channel {
  const channel = parseChannel(name);
  if (channel === undefined) throw new BeelineError('not_found', 'there is no such channel');
  return channel;
}

/** A query has only text; what does not look like a number is left for validation to refuse. */
function withNumericLimit(query: Record<string, unknown>): Record<string, unknown> {
  const { limit, ...rest } = query;
  if (limit === undefined) return rest;
  return { ...rest, limit: typeof limit === 'string' && /^\d{1,9}$/.test(limit) ? Number(limit) : limit };
}
