import { Global, Module } from '@nestjs/common';
import { StartWait } from './start-wait';

@Global()
@Module({ providers: [StartWait], exports: [StartWait] })
export class StartModule {}
