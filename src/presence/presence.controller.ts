import { Body, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Authenticated, CurrentIdentity, type Identity } from '../auth';
import { BODY_OF_USERS, JsonBody } from '../limits';
import { validate } from '../shared';
import { UsersDto } from './dto/presence.dto';
import { type PresenceByUser, PresenceService } from './presence.service';

@ApiTags('presence')
@Authenticated()
@Controller('presence')
export class PresenceController {
  constructor(private readonly presence: PresenceService) {}

  @Get(':user')
  @ApiOperation({ summary: 'Whether a user is here, with how many devices, or since when not.' })
  async one(
    @CurrentIdentity() { userId }: Identity,
    @Param('user') user: string,
  ): Promise<{ presence: PresenceByUser }> {
    const { users } = validate(UsersDto, { users: [user] });
    return { presence: await this.presence.look(userId, users) };
  }

  @Post('query')
  @JsonBody(BODY_OF_USERS)
  @HttpCode(200)
  @ApiOperation({ summary: 'The same for up to 200 users.' })
  @ApiBody({ type: UsersDto })
  async many(
    @CurrentIdentity() { userId }: Identity,
    @Body() body: unknown,
  ): Promise<{ presence: PresenceByUser }> {
    const { users } = validate(UsersDto, body);
    return { presence: await this.presence.look(userId, users) };
  }
}
