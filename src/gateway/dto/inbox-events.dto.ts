import { CursorDto, PageDto } from '../../inbox';
import { type Channel, IsChannel } from '../../shared';

/** `inbox:ack` and `inbox:read`. */
export class CursorEventDto extends CursorDto {
  @IsChannel()
  channel: Channel = '' as Channel;
}

/** `inbox:pull`. */
export class PullEventDto extends PageDto {
  @IsChannel()
  channel: Channel = '' as Channel;
}
