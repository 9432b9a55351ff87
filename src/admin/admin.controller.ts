import { Body, Controller, Delete, Get, HttpCode, Param, Post, Put } from '@nestjs/common';
import {
  ApiAcceptedResponse,
  ApiBody,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import { AccountService, RequireScope, Revocations, SCOPE_ADMIN } from '../auth';
import { Config } from '../config';
import { Announcer } from '../gateway';
import { BODY_OF_MESSAGE, JsonBody, SMALL_BODY } from '../limits';
import { NodeService } from '../node';
import {
  badRequest,
  BeelineError,
  Fails,
  ID_PROBLEM,
  type Json,
  parseUserId,
  printJson,
  type UserId,
  validate,
} from '../shared';
import { AccountChangeDto, AnnouncedDto, AnnouncementDto, NodesDto } from './dto/admin.dto';

@ApiTags('admin')
@RequireScope(SCOPE_ADMIN)
@Controller('admin')
export class AdminController {
  constructor(
    private readonly config: Config,
    private readonly node: NodeService,
    private readonly revocations: Revocations,
    private readonly accounts: AccountService,
    private readonly announcer: Announcer,
  ) {}

  @Get('nodes')
  @ApiOkResponse({ type: NodesDto })
  @ApiOperation({ summary: 'The nodes whose lease has not run out, as they told of themselves last.' })
  async nodes(): Promise<NodesDto> {
    return { nodes: await this.node.list() };
  }

  @Delete('users/:user/sessions')
  @HttpCode(204)
  @ApiOperation({ summary: "Refuse a user's tokens issued before, whoever issued them." })
  @ApiNoContentResponse()
  async endSessions(@Param('user') name: string): Promise<void> {
    await this.revocations.revokeUser(userOf(name));
  }

  @Put('users/:user')
  @JsonBody(SMALL_BODY)
  @HttpCode(204)
  @ApiOperation({
    summary:
      'Disable a local account, or enable it again: a disabled one cannot log in, and its sessions end.',
  })
  @ApiBody({ type: AccountChangeDto })
  @ApiNoContentResponse()
  @Fails('not_found')
  async changeAccount(@Param('user') name: string, @Body() payload: unknown): Promise<void> {
    await this.accounts.setDisabled(userOf(name), validate(AccountChangeDto, payload).disabled);
  }

  @Post('announcements')
  @JsonBody(BODY_OF_MESSAGE)
  @HttpCode(202)
  @ApiOperation({ summary: 'Tell every connection of the cluster; not stored.' })
  @ApiBody({ type: AnnouncementDto })
  @ApiAcceptedResponse({ type: AnnouncedDto })
  async announce(@Body() payload: unknown): Promise<AnnouncedDto> {
    const json = printJson(validate(AnnouncementDto, payload).body);
    const { maxBodyBytes } = this.config;
    if (Buffer.byteLength(json) > maxBodyBytes)
      throw new BeelineError('too_large', `the body must have at most ${maxBodyBytes} bytes as JSON`);
    return this.announcer.announce(JSON.parse(json) as Json);
  }
}

function userOf(name: string): UserId {
  const user = parseUserId(name);
  if (user === undefined) throw badRequest([{ field: 'user', problem: ID_PROBLEM }]);
  return user;
}
