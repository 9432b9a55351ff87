import {
  ApiBody,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import { Body, Controller, HttpCode, Post, Req } from '@nestjs/common';
import type { Request } from 'express';
import { Config } from '../config';
import { addressOf, JsonBody, SMALL_BODY } from '../limits';
import { Fails, validate } from '../shared';
import { Authenticated, CurrentIdentity } from './auth.guard';
import { AccountService, type TokenPair } from './account.service';
import type { Identity } from './identity';
import { Revocations } from './revocations';
import { CredentialsDto, PasswordDto, RefreshDto, RegistrationDto, TokenPairDto } from './dto/auth.dto';

@ApiTags('auth')
@Controller('auth')
export class AuthController {
  constructor(
    private readonly config: Config,
    private readonly accounts: AccountService,
    private readonly revocations: Revocations,
  ) {}

  @Post('register')
  @JsonBody(SMALL_BODY)
  @ApiOperation({ summary: 'Make a local account and log in.' })
  @ApiBody({ type: RegistrationDto })
  @ApiCreatedResponse({ type: TokenPairDto })
  @Fails('conflict', 'forbidden', 'unauthorized')
  async register(@Body() body: unknown, @Req() request: Request): Promise<TokenPair> {
    const { username, password, invite } = validate(RegistrationDto, body);
    return this.accounts.register(username, password, this.addressOf(request), invite);
  }

  @Post('login')
  @JsonBody(SMALL_BODY)
  @HttpCode(200)
  @ApiOperation({ summary: 'Log in with a local account.' })
  @ApiBody({ type: CredentialsDto })
  @ApiOkResponse({ type: TokenPairDto })
  @Fails('unauthorized', 'forbidden')
  async login(@Body() body: unknown, @Req() request: Request): Promise<TokenPair> {
    const { username, password } = validate(CredentialsDto, body);
    return this.accounts.login(username, password, this.addressOf(request));
  }

  @Post('refresh')
  @JsonBody(SMALL_BODY)
  @HttpCode(200)
  @ApiOperation({
    summary: 'Trade a refresh token for a new pair; a second use within 30 s gives the same pair.',
  })
  @ApiBody({ type: RefreshDto })
  @ApiOkResponse({ type: TokenPairDto })
  @Fails('unauthorized')
  async refresh(@Body() body: unknown, @Req() request: Request): Promise<TokenPair> {
    return this.accounts.refresh(validate(RefreshDto, body).refreshToken, this.addressOf(request));
  }

  @Post('password')
  @JsonBody(SMALL_BODY)
  @HttpCode(204)
  @Authenticated()
  @ApiOperation({ summary: 'Change the password of a local account; every other login of the user ends.' })
  @ApiBody({ type: PasswordDto })
  @ApiNoContentResponse()
  @Fails('forbidden', 'not_found', 'conflict')
  async changePassword(
    @Body() body: unknown,
    @Req() request: Request,
    @CurrentIdentity() identity: Identity,
  ): Promise<void> {
    const { password, newPassword } = validate(PasswordDto, body);
    await this.accounts.changePassword(identity, password, newPassword, this.addressOf(request));
  }

  @Post('logout')
  @HttpCode(204)
  @Authenticated()
  @ApiOperation({ summary: 'End the login of this access token: its tokens and its connections.' })
  @ApiNoContentResponse()
  async logout(@CurrentIdentity() identity: Identity): Promise<void> {
    await this.revocations.revokeLogin(identity);
  }

  private addressOf(request: Request): string {
    return addressOf(request, this.config.trustedProxies);
  }
}
