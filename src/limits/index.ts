export { addressOf } from './address';
export { AuthAttempts, type Guess } from './auth-attempts';
export { type Asker, FairQueue } from './fair-queue';
export { BODY_OF_BATCH, BODY_OF_MESSAGE, BODY_OF_USERS, JsonBody, SMALL_BODY } from './json-body';
export { Contacts } from './contacts';
export { LimitsModule } from './limits.module';
export { SendRate } from './send-rate';
export { TokenBucket } from './token-bucket';
export { TypingRate } from './typing-rate';
