import { ApiExtraModels, ApiProperty, getSchemaPath } from '@nestjs/swagger';
import type { PresenceState } from '../presence-store.port';
import { IsUserIds, type UserId } from '../../shared';

const MAX_USERS = 200;

export class UsersDto {
  @ApiProperty({ type: [String], minItems: 1, maxItems: MAX_USERS, example: ['alice', 'bob'] })
  @IsUserIds(MAX_USERS)
  users: UserId[] = [];
}

class PresenceStateDto implements PresenceState {
  @ApiProperty({ type: Boolean }) online!: boolean;
  @ApiProperty({ type: Number, description: 'Connected devices, each counted once.' }) devices!: number;

  @ApiProperty({
    type: Number,
    nullable: true,
    description: 'Unix ms. Null while online, and for a user who was never seen.',
  })
  lastSeen!: number | null;
}

@ApiExtraModels(PresenceStateDto)
export class PresenceDto {
  @ApiProperty({ type: 'object', additionalProperties: { $ref: getSchemaPath(PresenceStateDto) } })
  presence!: Record<string, PresenceStateDto>;
}
