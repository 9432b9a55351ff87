import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsBoolean } from 'class-validator';
import {
  type Channel,
  type ClientId,
  IsChannel,
  IsClientId,
  IsJsonBody,
  IsUserId,
  type Json,
  Optional,
  type UserId,
} from '../../shared';

const BOOLEAN_PROBLEM = { message: 'must be true or false' };

class MessageDto {
  @ApiProperty({ type: String, example: 'bob' })
  @IsUserId()
  to: UserId = '' as UserId;

  @ApiProperty({ description: 'Any JSON value, at most MAX_BODY_BYTES as JSON.', example: { text: 'hi' } })
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

/** The answer to both. */
export class SendAnswerDto {
  @ApiProperty({ type: String }) id = '';
  @ApiProperty({ type: String, description: "The place in the receiver's inbox." }) offset = '';
  @ApiProperty({ type: Number, description: "Unix ms, by the store's clock." }) sentAt = 0;
  @ApiProperty({ type: Boolean, description: 'Whether this repeats a message sent before.' }) duplicate =
    false;
}
