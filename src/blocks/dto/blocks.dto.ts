import { ApiProperty } from '@nestjs/swagger';
import { IsBoolean } from 'class-validator';
import { IsUserId, type UserId } from '../../shared';

export class BlockEventDto {
  @IsUserId()
  user: UserId = '' as UserId;

  @IsBoolean({ message: 'must be true or false' })
  blocked = false;
}

export class BlocksDto {
  @ApiProperty({ type: [String], maxItems: 1000 }) users!: UserId[];
}
