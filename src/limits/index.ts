export { addressOf } from './address';
export { AuthAttempts } from './auth-attempts';
export { Contacts } from './contacts';
export { LimitsModule } from './limits.module';
export { SendRate } from './send-rate';
export { TokenBucket } from './token-bucket';
