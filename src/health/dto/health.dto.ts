import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

export class LiveDto {
  @ApiProperty({ type: String, enum: ['ok'] }) status!: 'ok';
}

export class ReadyDto {
  @ApiProperty({ type: String, enum: ['ready'] }) status!: 'ready';
  @ApiProperty({ type: String }) nodeId!: string;

  @ApiPropertyOptional({
    type: String,
    description: 'For operators: what may not be meant so, such as a store without a disk.',
  })
  detail?: string;
}
