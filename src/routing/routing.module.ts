import { Module } from '@nestjs/common';
import { AuthModule } from '../auth';
import { BlocksModule } from '../blocks';
import { storeProvider } from '../config';
import { HubModule } from '../hub';
import { InboxModule } from '../inbox';
import { NodeModule } from '../node';
import { PresenceModule } from '../presence';
import { EmbeddedMailbox } from './adapters/embedded-mailbox';
import { RedisMailbox } from './adapters/redis-mailbox';
import { Departures } from './departures';
import { EntryLife } from './entry-life';
import { Mailbox } from './mailbox.port';
import { Router } from './router';
import { Sessions } from './sessions';
import { Sweeper } from './sweeper';

@Module({
  imports: [AuthModule, BlocksModule, HubModule, InboxModule, NodeModule, PresenceModule],
  providers: [
    Departures,
    EntryLife,
    Router,
    Sessions,
    Sweeper,
    storeProvider(Mailbox, { redis: RedisMailbox, embedded: EmbeddedMailbox }),
  ],
  exports: [Router, Sessions, Sweeper, Mailbox],
})
export class RoutingModule {}
