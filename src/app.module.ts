import { type DynamicModule, Module, type Type } from '@nestjs/common';
import { AdminModule } from './admin';
import { AuthModule } from './auth';
import { BlocksModule } from './blocks';
import { ChatModule } from './chat';
import { type Config, ConfigModule } from './config';
import { EmbeddedModule } from './embedded';
import { GatewayModule } from './gateway';
import { HealthModule } from './health';
import { InboxModule } from './inbox';
import { LimitsModule } from './limits';
import { LoggingModule } from './logging';
import { MetricsModule } from './metrics';
import { NodeModule } from './node';
import { type ContactPolicy, PolicyModule } from './policy';
import { PresenceModule } from './presence';
import { RedisModule } from './redis';
import { RoutingModule } from './routing';
import { StartModule } from './start';

/** The one place that sees every module. */
@Module({})
export class AppModule {
  static of(config: Config, contactPolicy: Type<ContactPolicy>): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.of(config),
        LoggingModule,
        MetricsModule,
        StartModule,
        PolicyModule.of(contactPolicy),
        config.redisUrl === undefined ? EmbeddedModule : RedisModule,
        LimitsModule,
        NodeModule,
        AuthModule,
        BlocksModule,
        PresenceModule,
        InboxModule,
        RoutingModule,
        ChatModule,
        GatewayModule,
        HealthModule,
        AdminModule,
      ],
    };
  }
}
