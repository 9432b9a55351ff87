import { ApiExtraModels, ApiProperty, ApiPropertyOptional, getSchemaPath } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsBoolean } from 'class-validator';
import {
  ANY_JSON,
  type Channel,
  type ClientId,
  ErrorDto,
  IsChannel,
  IsClientId,
  IsJsonBody,
  IsUserId,
  type Json,
  type MessageId,
  type Offset,
  Optional,
  type UserId,
} from '../../shared';
import type { SendAnswer } from '../chat.service';

const BOOLEAN_PROBLEM = { message: 'must be true or false' };

class MessageDto {
  @ApiProperty({ type: String, example: 'bob' })
  @IsUserId()
  to: UserId = '' as UserId;

  @ApiProperty({ ...ANY_JSON, description: 'At most MAX_BODY_BYTES as JSON.', example: { text: 'hi' } })
  @IsJsonBody()
  body: Json | undefined = undefined;

  @ApiPropertyOptional({
    type: String,
    example: 'chat',
    description: 'Default: the first channel configured.',
  })
  @Optional()
  @IsChannel()
  channel: Channel | undefined = undefined;

  @ApiPropertyOptional({ type: Boolean, description: "Also into the sender's own channel `sent`." })
  @Optional()
  @IsBoolean(BOOLEAN_PROBLEM)
  copy: boolean | undefined = undefined;

  @ApiPropertyOptional({ type: Boolean, description: 'Asks for receipts.' })
  @Optional()
  @IsBoolean(BOOLEAN_PROBLEM)
  receipt: boolean | undefined = undefined;
}

/** `message:send`. */
export class SendEventDto extends MessageDto {
  @IsClientId()
  clientId: ClientId = '' as ClientId;
}

/** `POST /messages`. */
export class SendRequestDto extends MessageDto {
  @ApiPropertyOptional({
    type: String,
    example: 'c-17',
    description: 'Idempotency key; so is the header Idempotency-Key.',
  })
  @Optional()
  @IsClientId()
  clientId: ClientId | undefined = undefined;

  @ApiPropertyOptional({ type: String, description: 'On whose behalf; needs the scope send:any.' })
  @Optional()
  @IsUserId()
  from: UserId | undefined = undefined;
}

/** Messages of one batch. */
const MAX_BATCH = 500;
const BATCH_PROBLEM = { message: `must be an array of 1 to ${MAX_BATCH} messages` };

/** `POST /messages/batch`. Each message is checked by itself, for one that is wrong stands for itself. */
export class SendBatchDto {
  @ApiProperty({ type: [SendRequestDto], minItems: 1, maxItems: MAX_BATCH })
  @IsArray(BATCH_PROBLEM)
  @ArrayMinSize(1, BATCH_PROBLEM)
  @ArrayMaxSize(MAX_BATCH, BATCH_PROBLEM)
  messages: unknown[] = [];
}

/** The answer to one message. */
export class SendAnswerDto implements SendAnswer {
  @ApiProperty({ type: String }) id!: MessageId;
  @ApiProperty({ type: String, description: "The place in the receiver's inbox." }) offset!: Offset;
  @ApiProperty({ type: Number, description: "Unix ms, by the store's clock." }) sentAt!: number;

  @ApiProperty({ type: Boolean, description: 'Whether this repeats a message sent before.' })
  duplicate!: boolean;
}

class TakenDto extends SendAnswerDto {
  @ApiProperty({ type: Boolean, enum: [true] }) ok!: true;
}

class RefusedDto {
  @ApiProperty({ type: Boolean, enum: [false] }) ok!: false;
  @ApiProperty({ type: ErrorDto }) error!: ErrorDto;
}

/** What became of one message of a batch. */
export type BatchResult = TakenDto | RefusedDto;

@ApiExtraModels(TakenDto, RefusedDto)
export class BatchAnswerDto {
  @ApiProperty({
    type: 'array',
    description: 'One for each message, in their order.',
    items: { oneOf: [{ $ref: getSchemaPath(TakenDto) }, { $ref: getSchemaPath(RefusedDto) }] },
  })
  results!: BatchResult[];
}
