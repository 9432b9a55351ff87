import { ApiProperty } from '@nestjs/swagger';
import { IsUserIds, type UserId } from '../../shared';

const MAX_USERS = 200;

export class UsersDto {
  @ApiProperty({ type: [String], minItems: 1, maxItems: MAX_USERS, example: ['alice', 'bob'] })
  @IsUserIds(MAX_USERS)
  users: UserId[] = [];
}
