import { ApiProperty } from '@nestjs/swagger';
import { IsBoolean } from 'class-validator';
import type { ListedNode } from '../../node';
import { ANY_JSON, IsJsonBody, type Json, type NodeId } from '../../shared';

export class AccountChangeDto {
  @ApiProperty({ type: Boolean })
  @IsBoolean({ message: 'must be true or false' })
  disabled = false;
}

export class AnnouncementDto {
  @ApiProperty({
    ...ANY_JSON,
    description: 'At most MAX_BODY_BYTES as JSON.',
    example: { text: 'hi all' },
  })
  @IsJsonBody()
  body: Json | undefined = undefined;
}

export class AnnouncedDto {
  @ApiProperty({ type: String }) id!: string;
  @ApiProperty({ type: Number, description: "Unix ms, by the store's clock." }) sentAt!: number;
}

class ListedNodeDto implements ListedNode {
  @ApiProperty({ type: String }) nodeId!: NodeId;
  @ApiProperty({ type: String }) name!: string;
  @ApiProperty({ type: String }) version!: string;
  @ApiProperty({ type: Number }) connections!: number;
  @ApiProperty({ type: Boolean }) draining!: boolean;
  @ApiProperty({ type: Number, description: "Unix ms, by the store's clock." }) leaseExpiresAt!: number;
}

export class NodesDto {
  @ApiProperty({ type: [ListedNodeDto] }) nodes!: ListedNode[];
}
