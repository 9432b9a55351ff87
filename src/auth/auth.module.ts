import { Module } from '@nestjs/common';
import { AccountService } from './account.service';
import { AccountStore } from './account-store.port';
import { RedisAccountStore } from './adapters/redis-account-store';
import { AuthController } from './auth.controller';
import { AuthGuard } from './auth.guard';
import { TokenVerifier } from './token-verifier';

@Module({
  controllers: [AuthController],
  providers: [
    TokenVerifier,
    AuthGuard,
    AccountService,
    { provide: AccountStore, useClass: RedisAccountStore },
  ],
  exports: [TokenVerifier, AuthGuard],
})
export class AuthModule {}
