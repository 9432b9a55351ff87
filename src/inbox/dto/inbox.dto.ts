import { ApiExtraModels, ApiProperty, ApiPropertyOptional, getSchemaPath } from '@nestjs/swagger';
import { IsInt, Max, Min } from 'class-validator';
import {
  ANY_JSON,
  type Channel,
  type ClientId,
  type DeviceId,
  type Json,
  type Message,
  type MessageId,
  type UserId,
  IsDeviceId,
  IsOffset,
  IsUpTo,
  type Offset,
  Optional,
  type UpTo,
} from '../../shared';
import { type InboxSummary, MAX_PAGE_LENGTH, type ReadState } from '../inbox-store.port';

const LIMIT_PROBLEM = `must be a whole number from 1 to ${MAX_PAGE_LENGTH}`;
const DEFAULT_PAGE_LENGTH = 50;

/** Which page: after an offset, before one, or the unread. */
export class PageDto {
  @ApiPropertyOptional({
    type: String,
    description: 'Messages after this offset, oldest first. Default: the read cursor.',
  })
  @Optional()
  @IsOffset()
  after: Offset | undefined = undefined;

  @ApiPropertyOptional({
    type: String,
    description: 'Messages before this offset, newest first. Not together with after.',
  })
  @Optional()
  @IsOffset()
  before: Offset | undefined = undefined;

  @ApiPropertyOptional({ type: Number, minimum: 1, maximum: MAX_PAGE_LENGTH, default: DEFAULT_PAGE_LENGTH })
  @IsInt({ message: LIMIT_PROBLEM })
  @Min(1, { message: LIMIT_PROBLEM })
  @Max(MAX_PAGE_LENGTH, { message: LIMIT_PROBLEM })
  limit: number = DEFAULT_PAGE_LENGTH;
}

export class CursorDto {
  @ApiProperty({ type: String, example: '1795467600000-482913', description: 'Or `last`: the last message.' })
  @IsUpTo()
  offset: UpTo = '' as Offset;
}

export class DeviceCursorDto extends CursorDto {
  @ApiProperty({ type: String, example: 'alice-phone' })
  @IsDeviceId()
  deviceId: DeviceId = '' as DeviceId;
}

class MessageDto implements Message {
  @ApiProperty({ type: String }) id!: MessageId;
  @ApiProperty({ type: String }) channel!: Channel;
  @ApiProperty({ type: String }) from!: UserId;
  @ApiProperty({ type: String }) to!: UserId;
  @ApiProperty(ANY_JSON) body!: Json;
  @ApiProperty({ type: Number, description: "Unix ms, by the store's clock." }) sentAt!: number;
  @ApiPropertyOptional({ type: String }) clientId?: ClientId;
  @ApiProperty({ type: String }) offset!: Offset;
  @ApiPropertyOptional({ type: Boolean, enum: [true], description: 'The sender asked for receipts.' })
  receipt?: true;
}

/** A page of an inbox. */
export class PulledPage {
  @ApiProperty({ type: [MessageDto] }) messages!: Message[];
  @ApiProperty({ type: String, description: 'The offset of the last message returned, or what was passed.' })
  next!: Offset;
  @ApiProperty({ type: Boolean }) more!: boolean;
}

class ReadStateDto implements ReadState {
  @ApiProperty({ type: String, description: 'The read cursor.' }) read!: Offset;
  @ApiProperty({ type: Number }) unread!: number;
}

class InboxSummaryDto extends ReadStateDto implements InboxSummary {
  @ApiProperty({ type: String, description: 'The offset of the last message.' }) last!: Offset;
}

@ApiExtraModels(InboxSummaryDto)
export class SummaryDto {
  @ApiProperty({ type: 'object', additionalProperties: { $ref: getSchemaPath(InboxSummaryDto) } })
  channels!: Record<string, InboxSummary>;
}

export class ReadAnswerDto extends ReadStateDto {
  @ApiProperty({ type: String }) channel!: Channel;
}

export class DeliveredDto {
  @ApiProperty({ type: String }) channel!: Channel;
  @ApiProperty({ type: String, description: "The device's delivered cursor." }) delivered!: Offset;
}
