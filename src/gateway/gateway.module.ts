import { Module } from '@nestjs/common';
import { AuthModule } from '../auth';
import { ChatModule } from '../chat';
import { HubModule } from '../hub';
import { InboxModule } from '../inbox';
import { NodeModule } from '../node';
import { PresenceModule } from '../presence';
import { RoutingModule } from '../routing';
import { AddressLimit } from './address-limit';
import { Admission } from './admission';
import { BeelineGateway } from './beeline.gateway';
import { Drain } from './drain';
import { RequestHandlers } from './request-handlers';

@Module({
  imports: [AuthModule, ChatModule, HubModule, InboxModule, NodeModule, PresenceModule, RoutingModule],
  providers: [BeelineGateway, RequestHandlers, Drain, Admission, AddressLimit],
})
export class GatewayModule {}
