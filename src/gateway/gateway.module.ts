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

/** Enough to keep Redis and one core busy; what waits behind them is served within a few seconds. */
const MAX_HANDSHAKES_AT_ONCE = 64;
const MAX_HANDSHAKES_WAITING = 2000;

@Module({
  imports: [AuthModule, ChatModule, HubModule, InboxModule, NodeModule, PresenceModule, RoutingModule],
  providers: [
    BeelineGateway,
    RequestHandlers,
    Drain,
    { provide: Admission, useFactory: () => new Admission(MAX_HANDSHAKES_AT_ONCE, MAX_HANDSHAKES_WAITING) },
  ],
})
export class GatewayModule {}
