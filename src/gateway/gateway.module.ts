import { Module } from '@nestjs/common';
import { AuthModule } from '../auth';
import { BlocksModule } from '../blocks';
import { ChatModule } from '../chat';
import { storeProvider } from '../config';
import { Hub, HubModule } from '../hub';
import { InboxModule } from '../inbox';
import { NodeModule, NodeService } from '../node';
import { PresenceModule } from '../presence';
import { RoutingModule } from '../routing';
import { EmbeddedBroadcast } from './adapters/embedded-broadcast';
import { RedisBroadcast } from './adapters/redis-broadcast';
import { Announcer } from './announcer';
import { Broadcast } from './broadcast.port';
import { AddressLimit } from './address-limit';
import { Admission } from './admission';
import { BeelineGateway } from './beeline.gateway';
import { Drain } from './drain';
import { RequestHandlers } from './request-handlers';
import { TokenExpiry } from './token-expiry';
import { Transports } from './transports';

@Module({
  imports: [
    AuthModule,
    BlocksModule,
    ChatModule,
    HubModule,
    InboxModule,
    NodeModule,
    PresenceModule,
    RoutingModule,
  ],
  providers: [
    BeelineGateway,
    RequestHandlers,
    Drain,
    Admission,
    AddressLimit,
    TokenExpiry,
    Transports,
    Announcer,
    storeProvider(Broadcast, { redis: RedisBroadcast, embedded: EmbeddedBroadcast }),
  ],
  exports: [Announcer],
})
export class GatewayModule {
  constructor(node: NodeService, hub: Hub) {
    node.describe(() => hub.size);
  }
}
