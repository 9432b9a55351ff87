import { IsBoolean } from 'class-validator';
import { type Channel, IsChannel, IsUserId, Optional, type UserId } from '../../shared';

/** `typing`. */
export class TypingEventDto {
  @IsUserId()
  to: UserId = '' as UserId;

  @Optional()
  @IsChannel()
  channel: Channel | undefined = undefined;

  @IsBoolean({ message: 'must be true or false' })
  typing: boolean | undefined = undefined;
}
