import { ApiProperty } from '@nestjs/swagger';
import { IsJsonBody, type Json } from '../../shared';

export class AnnouncementDto {
  @ApiProperty({
    description: 'Any JSON value, at most MAX_BODY_BYTES as JSON.',
    example: { text: 'hi all' },
  })
  @IsJsonBody()
  body: Json | undefined = undefined;
}
