import { Global, Module } from '@nestjs/common';
import { Config } from '../config';
import { createLogger, Logger } from './logger';

@Global()
@Module({
  providers: [{ provide: Logger, inject: [Config], useFactory: createLogger }],
  exports: [Logger],
})
export class LoggingModule {}
