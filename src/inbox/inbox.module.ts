import { Module } from '@nestjs/common';
import { AuthModule } from '../auth';
import { Hub, HubModule } from '../hub';
import { RedisInboxStore } from './adapters/redis-inbox-store';
import { InboxController } from './inbox.controller';
import { InboxStore } from './inbox-store.port';
import { InboxService } from './inbox.service';

@Module({
  imports: [AuthModule, HubModule],
  controllers: [InboxController],
  providers: [InboxService, { provide: InboxStore, useClass: RedisInboxStore }],
  exports: [InboxService, InboxStore],
})
export class InboxModule {
  constructor(hub: Hub, store: InboxStore) {
    hub.useSource(store);
  }
}
