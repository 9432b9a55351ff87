import { Body, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Authenticated, CurrentIdentity, type Identity } from '../auth';
import { BODY_OF_USERS, JsonBody } from '../limits';
import { validate } from '../shared';
import { PresenceDto, UsersDto } from './dto/presence.dto';
import { PresenceService } from './presence.service';

@ApiTags('presence')
@Authenticated()
@Controller('presence')
export class PresenceController {
  constructor(private readonly presence: PresenceService) {}

  @Get(':user')
  @ApiOkResponse({ type: PresenceDto })
  @ApiOperation({ summary: 'Whether a user is here, with how many devices, or since when not.' })
  async one(@CurrentIdentity() { userId }: Identity, @Param('user') user: string): Promise<PresenceDto> {
    const { users } = validate(UsersDto, { users: [user] });
    return { presence: await this.presence.look(userId, users) };
  }

  @Post('query')
  @JsonBody(BODY_OF_USERS)
  @HttpCode(200)
  @ApiOkResponse({ type: PresenceDto })
  @ApiOperation({ summary: 'The same for up to 200 users.' })
  @ApiBody({ type: UsersDto })
  async many(@CurrentIdentity() { userId }: Identity, @Body() body: unknown): Promise<PresenceDto> {
    const { users } = validate(UsersDto, body);
    return { presence: await this.presence.look(userId, users) };
  }
}
