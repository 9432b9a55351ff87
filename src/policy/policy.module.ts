import { type DynamicModule, Module, type Type } from '@nestjs/common';
import { ContactPolicy } from './contact-policy';

/** Makes the application's policy known to every module. */
@Module({})
export class PolicyModule {
  static of(policy: Type<ContactPolicy>): DynamicModule {
    return {
      module: PolicyModule,
      global: true,
      providers: [{ provide: ContactPolicy, useClass: policy }],
      exports: [ContactPolicy],
    };
  }
}
