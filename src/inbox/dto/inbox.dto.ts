import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsInt, Max, Min } from 'class-validator';
import { type DeviceId, IsDeviceId, IsOffset, IsUpTo, type Offset, Optional, type UpTo } from '../../shared';
import { MAX_PAGE_LENGTH } from '../inbox-store.port';

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
