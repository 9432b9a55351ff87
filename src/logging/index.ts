export { createLogger, Logger } from './logger';
export { LoggingModule } from './logging.module';
export { NestLogger } from './nest-logger';
export { OnceAMinute } from './once-a-minute';
export { OriginLog } from './origin-log';
