import { Module } from '@nestjs/common';
import { storeProvider } from '../config';
import { LimitsModule } from '../limits';
import { AccountService } from './account.service';
import { AccountStore } from './account-store.port';
import { EmbeddedAccountStore } from './adapters/embedded-account-store';
import { RedisAccountStore } from './adapters/redis-account-store';
import { EmbeddedRevocationStore } from './adapters/embedded-revocation-store';
import { RedisRevocationStore } from './adapters/redis-revocation-store';
import { AuthController } from './auth.controller';
import { AuthGuard } from './auth.guard';
import { RevocationStore } from './revocation-store.port';
import { Revocations } from './revocations';
import { TokenVerifier } from './token-verifier';

@Module({
  imports: [LimitsModule],
  controllers: [AuthController],
  providers: [
    TokenVerifier,
    AuthGuard,
    AccountService,
    Revocations,
    storeProvider(AccountStore, { redis: RedisAccountStore, embedded: EmbeddedAccountStore }),
    storeProvider(RevocationStore, { redis: RedisRevocationStore, embedded: EmbeddedRevocationStore }),
  ],
  exports: [TokenVerifier, AuthGuard, Revocations, AccountService],
})
export class AuthModule {}
