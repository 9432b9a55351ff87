import { Module } from '@nestjs/common';
import { storeProvider } from '../config';
import { LimitsModule } from '../limits';
import { AccountService } from './account.service';
import { AccountStore } from './account-store.port';
import { EmbeddedAccountStore } from './adapters/embedded-account-store';
import { RedisAccountStore } from './adapters/redis-account-store';
import { AuthController } from './auth.controller';
import { AuthGuard } from './auth.guard';
import { TokenVerifier } from './token-verifier';

@Module({
  imports: [LimitsModule],
  controllers: [AuthController],
  providers: [
    TokenVerifier,
    AuthGuard,
    AccountService,
    storeProvider(AccountStore, { redis: RedisAccountStore, embedded: EmbeddedAccountStore }),
  ],
  exports: [TokenVerifier, AuthGuard],
})
export class AuthModule {}
