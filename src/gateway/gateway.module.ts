import { Module } from '@nestjs/common';
import { AuthModule } from '../auth';
import { ChatModule } from '../chat';
import { HubModule } from '../hub';
import { InboxModule } from '../inbox';
import { NodeModule } from '../node';
import { PresenceModule } from '../presence';
import { RoutingModule } from '../routing';
import { Admission } from './admission';
import { BeelineGateway } from './beeline.gateway';
import { Drain } from './drain';
import { RequestHandlers } from './request-handlers';
import { TokenExpiry } from './token-expiry';

@Module({
  imports: [AuthModule, ChatModule, HubModule, InboxModule, NodeModule, PresenceModule, RoutingModule],
  providers: [BeelineGateway, RequestHandlers, Drain, Admission, TokenExpiry],
})
export class GatewayModule {}
