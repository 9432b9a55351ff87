import { Controller, Delete, Get, HttpCode, Param, Put } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Authenticated, CurrentIdentity, type Identity } from '../auth';
import { Fails, validate } from '../shared';
import { Blocks } from './blocks';
import { BlockEventDto, BlocksDto } from './dto/blocks.dto';

@ApiTags('blocks')
@Authenticated()
@Controller('blocks')
export class BlocksController {
  constructor(private readonly blocks: Blocks) {}

  @Get()
  @ApiOkResponse({ type: BlocksDto })
  @ApiOperation({ summary: 'Whom the user has blocked.' })
  async list(@CurrentIdentity() { userId }: Identity): Promise<BlocksDto> {
    return { users: await this.blocks.list(userId) };
  }

  @Put(':user')
  @HttpCode(204)
  @ApiNoContentResponse()
  @Fails('too_large')
  @ApiOperation({
    summary: 'Block a user: what that user sends is forbidden, and neither sees whether the other is here.',
  })
  async block(@CurrentIdentity() { userId }: Identity, @Param('user') user: string): Promise<void> {
    await this.blocks.set(userId, validate(BlockEventDto, { user, blocked: true }).user, true);
  }

  @Delete(':user')
  @HttpCode(204)
  @ApiNoContentResponse()
  @ApiOperation({ summary: 'Block a user no longer.' })
  async unblock(@CurrentIdentity() { userId }: Identity, @Param('user') user: string): Promise<void> {
    await this.blocks.set(userId, validate(BlockEventDto, { user, blocked: false }).user, false);
  }
}
