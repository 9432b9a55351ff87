import { Global, Module } from '@nestjs/common';
import { storeProvider } from '../config';
import { EmbeddedContactStore } from './adapters/embedded-contact-store';
import { EmbeddedRateStore } from './adapters/embedded-rate-store';
import { RedisContactStore } from './adapters/redis-contact-store';
import { RedisRateStore } from './adapters/redis-rate-store';
import { AuthAttempts } from './auth-attempts';
import { BodyBudget } from './body-budget';
import { ContactStore } from './contact-store.port';
import { Contacts } from './contacts';
import { IntakeRate } from './intake-rate';
import { LookRate } from './look-rate';
import { RateStore } from './rate-store.port';
import { SendBytes } from './send-bytes';
import { SendRate } from './send-rate';
import { TypingRate } from './typing-rate';

/** Everywhere, since each module's routes read their bodies by it. */
@Global()
@Module({
  providers: [
    BodyBudget,
    SendBytes,
    SendRate,
    TypingRate,
    IntakeRate,
    LookRate,
    Contacts,
    AuthAttempts,
    storeProvider(RateStore, { redis: RedisRateStore, embedded: EmbeddedRateStore }),
    storeProvider(ContactStore, { redis: RedisContactStore, embedded: EmbeddedContactStore }),
  ],
  exports: [BodyBudget, SendRate, TypingRate, Contacts, AuthAttempts, IntakeRate, LookRate, SendBytes],
})
export class LimitsModule {}
