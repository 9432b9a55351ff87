import { type DynamicModule, Module } from '@nestjs/common';
import { StoreClock } from '../shared';
import { Config } from './config';

/** Makes the configuration, and the clock that every judgement of time goes by, known to every module. */
@Module({})
export class ConfigModule {
  static of(config: Config): DynamicModule {
    return {
      module: ConfigModule,
      global: true,
      providers: [{ provide: Config, useValue: config }, StoreClock],
      exports: [Config, StoreClock],
    };
  }
}
